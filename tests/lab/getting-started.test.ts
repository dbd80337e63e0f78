/**
 * The commands of docs/getting-started.md, with the packed package, and what the page shows of their output; and the other templates,
 * deployed to a machine of the lab.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cacheRoot } from '../../lib/base/home.ts';
import { run, runToEnd } from '../../lib/base/process/run.ts';
import { ensureLabBase } from '../../lib/local/lab/base.ts';
import { deleteLab } from '../../lib/local/lab/delete-lab.ts';
import { ensureMachine } from '../../lib/local/lab/machine.ts';
import { ensureNetwork } from '../../lib/local/lab/network.ts';
import { InstalledPackage, root } from '../contract/installed-package.ts';
import { Languages, withoutLanguages } from '../contract/language-hosts.ts';
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

/** A machine without a system, and how a program reaches it. */
async function bareMachine(lab: string) {
  process.env.XDG_STATE_HOME = env.XDG_STATE_HOME;
  const { base, overrideInputs } = await ensureLabBase();
  const address = '10.213.67.11';
  const { identityFile } = await ensureNetwork({ lab, cidr: '10.213.67.0/24', hosts: { web: address } });
  const { hostKey } = await ensureMachine({ lab, name: 'web', address, base });
  return { connection: { address, hostKey, identityFile }, overrideInputs };
}

/** What a user edits in a template: its flake is the lab's, and its machine that of the lab. */
const edits = {
  'nixos-fleet-typescript': (project: string, connection: object, overrideInputs: object) => {
    const machines = `const hosts = { web: { connection: ${JSON.stringify(connection)} } };`;
    edit(join(project, 'index.ts'), /^const hosts = .*$/m, machines);
    const config = { config: { 'nixos-fleet-typescript:overrideInputs': overrideInputs } };
    writeFileSync(join(project, 'Pulumi.dev.yaml'), JSON.stringify(config));
  },
  'nixos-fleet-yaml': (project: string, connection: object, overrideInputs: object) => {
    const file = join(project, 'Pulumi.yaml');
    edit(file, /machine:\n( +)connection: .*/, `web:\n$1connection: ${JSON.stringify(connection)}`);
    edit(file, 'flake: ./nix', `flake: ./nix\n      overrideInputs: ${JSON.stringify(overrideInputs)}`);
  },
};

function edit(file: string, from: RegExp | string, to: string): void {
  const text = readFileSync(file, 'utf8');
  const edited = text.replace(from, to);
  assert.notEqual(edited, text, `${file} has no ${from}`);
  writeFileSync(file, edited);
}

for (const [template, adapt] of Object.entries(edits)) {
  const skip = template === 'nixos-fleet-yaml' ? withoutLanguages : false;
  test(`the template ${template} deploys a machine, and removes nothing from it`, { skip }, async () => {
    const languages = template === 'nixos-fleet-yaml' ? (await Languages.in(installed.folder)).env : {};
    const ownEnv = { ...env, ...installed.env, ...languages };
    const pulumi = async (...args: string[]) => {
      const options = { cwd: project, env: ownEnv, timeoutSeconds: 300 };
      const { exitCode, stdout, stderr } = await runToEnd('pulumi', [...args, '--non-interactive'], options);
      assert.equal(exitCode, 0, stdout + stderr);
      return stdout;
    };
    const project = join(installed.folder, `deployed-${template}`);
    mkdirSync(project);
    const from = join(installed.modules, 'nixos-fleet/templates', template);
    await pulumi('new', from, '--generate-only', '--yes', '--name', template, '--description', 'Mine');
    installed.link(project);
    rmSync(join(project, 'nix'), { recursive: true });
    cpSync(join(installed.modules, 'nixos-fleet/dist/nix/lab'), join(project, 'nix'), { recursive: true });
    await pulumi('stack', 'init', 'dev');
    try {
      const { connection, overrideInputs } = await bareMachine(template);
      adapt(project, connection, overrideInputs);
      await pulumi('up', '--yes', '--skip-preview');
      const page = `http://${connection.address}`;
      assert.equal(await (await fetch(page)).text(), 'Hello from the fleet.\n');
      assert.match(await pulumi('preview', '--expect-no-changes'), /unchanged/);
      await pulumi('destroy', '--yes', '--skip-preview');
      assert.equal(await (await fetch(page)).text(), 'Hello from the fleet.\n');
    } finally {
      await deleteLab(template);
    }
  });
}
