/** The package in another program: packed, installed, and previewed by the real CLI. */
import assert from 'node:assert/strict';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run, runToEnd } from '../../lib/base/process/run.ts';

const project = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-own-program-'));
const program = join(folder, 'program');
const env = {
  PULUMI_BACKEND_URL: `file://${folder}/backend`,
  PULUMI_CONFIG_PASSPHRASE: '',
  PULUMI_SKIP_UPDATE_CHECK: 'true',
  NO_COLOR: '1',
};

before(async () => {
  mkdirSync(join(folder, 'backend'));
  cpSync(join(project, 'examples/own-program'), program, { recursive: true });
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: project, timeoutSeconds: 300 });
  const modules = join(program, 'node_modules');
  mkdirSync(modules);
  const packed = readdirSync(folder).find((file) => file.endsWith('.tgz')) ?? '';
  await run('tar', ['-xzf', join(folder, packed), '-C', modules], { timeoutSeconds: 60 });
  await run('mv', [join(modules, 'package'), join(modules, 'nixos-fleet')], { timeoutSeconds: 60 });
  for (const module of readdirSync(join(project, 'node_modules'))) {
    if (!module.startsWith('.')) symlinkSync(join(project, 'node_modules', module), join(modules, module));
  }
  // The example's flake needs nixpkgs; the benchmark's machines have the same shape without it.
  cpSync(join(project, 'bench/flake'), join(program, 'flake'), { recursive: true });
  const config = {
    'my-machines:flake': 'path:./flake',
    'my-machines:addresses': { host0: 'host0.example.org', host1: 'host1.example.org' },
  };
  writeFileSync(join(program, 'Pulumi.prod.yaml'), JSON.stringify({ config }));
  await run('pulumi', ['stack', 'init', 'prod', '--non-interactive'], {
    cwd: program,
    env,
    timeoutSeconds: 60,
  });
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('the installed package brings components, evaluation and provider to another program', async () => {
  const shown = await runToEnd('pulumi', ['preview', '--diff', '--non-interactive'], {
    cwd: program,
    env,
    timeoutSeconds: 300,
  });
  assert.equal(shown.exitCode, 0, shown.stdout + shown.stderr);
  assert.match(shown.stdout, /nixos:index:Deployment: \(create\)/);
  assert.match(shown.stdout, /host1\.example\.org/);
  assert.match(shown.stdout, /packages: "80"/);
});

test('the installed package has the set-up that virtual machines, rehearsals and images start (fault 44)', async () => {
  const installed = join(program, 'node_modules/nixos-fleet/dist/setup');
  const { stdout } = await run('git', ['ls-files', 'setup'], { cwd: project, timeoutSeconds: 60 });
  for (const file of stdout.trim().split('\n')) {
    const [here, there] = [join(project, file), join(installed, file.replace(/^setup\//, ''))];
    assert.equal(statSync(there).mode & 0o111, statSync(here).mode & 0o111, file);
  }
  const text = `import { findSetUp } from '${join(installed, '../lib/local/set-up.js')}';
    console.log(await findSetUp({ prefix: 'none', files: ['vm-base', 'vm-packages'], read: async () => undefined }));`;
  const found = await runToEnd(process.execPath, ['--input-type=module', '-e', text], {
    timeoutSeconds: 60,
  });
  assert.equal(found.stdout, 'undefined\n', found.stderr);
});
