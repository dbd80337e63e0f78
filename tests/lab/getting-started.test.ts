/** The commands of docs/getting-started.md, with the packed package, and what the page shows of their output. */
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cacheRoot } from '../../lib/base/home.ts';
import { run, runToEnd } from '../../lib/base/process/run.ts';
import { InstalledPackage, root } from '../contract/installed-package.ts';
import { assertShown, guideSteps } from './follow-guide.ts';

const installed = new InstalledPackage();
const env = {
  HOME: join(installed.folder, 'user'),
  XDG_CACHE_HOME: join(cacheRoot(), '../..'),
  XDG_STATE_HOME: join(installed.folder, 'user/state'),
  PULUMI_HOME: installed.home,
  PULUMI_SKIP_UPDATE_CHECK: 'true',
  NO_COLOR: '1',
};

before(async () => {
  mkdirSync(env.HOME);
  await installed.install();
  symlinkSync(root, join(installed.folder, 'nixos-fleet'));
});

after(async () => {
  const cwd = join(installed.folder, 'my-fleet');
  await runToEnd('pulumi', ['destroy', '--yes', '--skip-preview', '--stack', 'dev'], {
    cwd,
    env: { ...env, PULUMI_CONFIG_PASSPHRASE: '' },
    timeoutSeconds: 120,
  }).catch(() => undefined);
  installed.remove();
});

test('the commands of the page run one after the other, and print what it shows', async () => {
  const steps = guideSteps(join(root, 'docs/getting-started.md'));
  assert.ok(steps.length >= 8);
  // The shell goes on where the step before it ended.
  const place = join(installed.folder, 'place');
  let cwd: string = installed.folder;
  let exported = '';
  for (const step of steps) {
    // The package is installed already, with the versions of this repository.
    const link = `ln -s ${installed.modules} node_modules`;
    const commands = step.commands.replace(/^npm install .*$/m, link);
    const script = `exec 2>&1\nset -e\n${exported}${commands}\npwd > ${place}`;
    const { exitCode, stdout } = await runToEnd('/bin/sh', ['-c', script], {
      cwd,
      env,
      timeoutSeconds: 600,
    });
    assert.equal(exitCode, 0, `${step.commands}\n${stdout}`);
    assertShown(step, stdout);
    cwd = (await run('cat', [place], { timeoutSeconds: 10 })).stdout.trim();
    exported +=
      step.commands
        .match(/^export .*$/gm)
        ?.map((line) => `${line}\n`)
        .join('') ?? '';
  }
});
