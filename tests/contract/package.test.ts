/** The packed package, as users have it: installed into an empty project, by each template, without a path to the provider. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pMap from 'p-map';
import { parse } from 'yaml';
import { commands } from '../../commands/commands.ts';
import { run, runToEnd } from '../../lib/base/process/run.ts';
import { bundle } from '../../release/bundle.ts';
import { fleetArgs } from '../../schema/components.ts';
import { InstalledPackage, root } from './installed-package.ts';
import { Languages, withoutLanguages } from './language-hosts.ts';

const installed = new InstalledPackage();
const launchers = join(installed.home, 'plugins');

before(() => installed.install());
after(() => installed.remove());

async function done(...given: Parameters<InstalledPackage['pulumi']>): Promise<string> {
  const { exitCode, text } = await installed.pulumi(...given);
  assert.equal(exitCode, 0, text);
  return text;
}

for (const [tool, ...args] of [
  ['publint', 'run', '--strict'],
  ['attw', '--profile', 'esm-only', '--no-emoji', '--no-color'],
] as const)
  test(`${tool} finds nothing wrong with the package`, async () => {
    const { exitCode, stdout, stderr } = await runToEnd(
      join(root, 'node_modules/.bin', tool),
      [...args, installed.packed],
      {
        timeoutSeconds: 120,
      },
    );
    assert.equal(exitCode, 0, stdout + stderr);
  });

test('an empty project deploys and destroys, without a path to the provider', async () => {
  const project = installed.project('empty', {
    'Pulumi.yaml':
      '{ "name": "empty", "main": "index.js", "runtime": { "name": "nodejs", "options": { "typescript": false } } }',
    'package.json': '{ "type": "module" }',
    'index.js': `import { Fleet, SigningKey } from 'nixos-fleet';
      import { evaluateFleet } from 'nixos-fleet/evaluation';
      const evaluation = await evaluateFleet({
        flake: '${join(root, 'bench/flake')}', baseDirectory: '/', overrideInputs: {}, hosts: { host0: 'host0' },
      });
      if (process.env.WITH_MACHINE)
        new Fleet('fleet', { evaluation, hosts: { host0: { connection: { address: 'host0.example.org' } } } });
      export const { publicKey } = new SigningKey('key', { name: 'cache.example.org-1' });`,
  });
  await done(project, 'stack', 'init', 'dev');
  // npm's scripts may be switched off: the program installs the launcher, too.
  rmSync(launchers, { recursive: true });
  const shown = await runToEnd('pulumi', ['preview', '--diff', '--non-interactive'], {
    cwd: project,
    env: { ...installed.env, WITH_MACHINE: '1' },
    timeoutSeconds: 300,
  });
  assert.equal(shown.exitCode, 0, shown.stdout + shown.stderr);
  assert.match(shown.stdout, /nixos:index:Deployment: \(create\).*packages: "80"/s);
  await done(project, 'up', '--yes', '--skip-preview');
  assert.match(await done(project, 'stack', 'output', 'publicKey'), /^cache\.example\.org-1:/);
  // Another computer has the state, too; after `npm ci`, it destroys the stack without the program.
  rmSync(launchers, { recursive: true });
  await run('npm', ['rebuild', 'nixos-fleet', '--offline'], {
    cwd: join(installed.folder, 'installed'),
    env: installed.env,
    timeoutSeconds: 120,
  });
  await done(project, 'destroy', '--yes', '--skip-preview');
});

test('a state of another computer is previewed, although nothing has installed the launcher', async () => {
  const project = join(installed.folder, 'empty');
  await done(project, 'up', '--yes', '--skip-preview');
  rmSync(launchers, { recursive: true });
  assert.match(await done(project, 'preview'), /2 unchanged/);
});

test('the bundles bring the licence of each library in them', () => {
  const text = readFileSync(join(installed.modules, 'nixos-fleet/dist/LICENSES-OF-PACKAGES'), 'utf8');
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies))
    assert.match(text, new RegExp(`^${name} \\d.*\\n\\n\\s*.*(license|copyright)`, 'im'), name);
});

test('npx nixos-fleet runs the CLI of the installed package', async () => {
  const { stdout } = await run('npx', ['nixos-fleet', '--help'], {
    cwd: join(installed.folder, 'installed'),
    env: { ...installed.env, npm_config_offline: 'true' },
    timeoutSeconds: 60,
  });
  assert.match(stdout, /^Usage: nixos-fleet .*^ {2}status /ms);
});

test('each command of the installed package loads, and the report has its style and its script', async () => {
  const cli = async (...args: string[]) => {
    const options = {
      cwd: join(installed.folder, 'empty'),
      env: installed.env,
      timeoutSeconds: 60,
    };
    return (await run(join(installed.modules, '.bin/nixos-fleet'), args, options)).stdout;
  };
  const modules = commands.filter(({ load }) => load !== undefined);
  const helps = await pMap(modules, ({ name }) => cli(name, '--help'), { concurrency: 2 });
  for (const [index, help] of helps.entries())
    assert.match(help, new RegExp(`^Usage: nixos-fleet \\S*\\b${modules[index]?.name}\\b`));
  const page = await cli('report', '--stack', 'dev', '--out', '-');
  for (const part of ['.tile', "getElementById('search')", 'The stack has no machines.'])
    assert.ok(page.includes(part), part);
});

for (const name of ['nixos-fleet', 'nixos-fleet-typescript', 'nixos-fleet-yaml'])
  test(`the template ${name} becomes a project that previews its machine`, async (t) => {
    const project = join(installed.folder, `new-${name}`);
    const template = join(installed.modules, 'nixos-fleet/templates', name);
    if (name === 'nixos-fleet-yaml') {
      const program = readFileSync(join(template, 'Pulumi.yaml'), 'utf8');
      assert.ok(program.trimEnd().split('\n').length <= 25);
      const { type, properties } = parse(program).resources.fleet;
      assert.equal(type, 'nixos:Fleet');
      fleetArgs.parse(properties);
      if (withoutLanguages) return t.skip(withoutLanguages);
      Object.assign(installed.env, (await Languages.in(installed.folder)).env);
    }
    await done(
      installed.folder,
      ...[
        'new',
        template,
        '--generate-only',
        '--yes',
        '--dir',
        project,
        '--name',
        `my-${name}`,
        '--description',
        'Mine',
      ],
    );
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const { dependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
    assert.equal(dependencies['nixos-fleet'], `^${version}`);
    installed.link(project);
    const set = (key: string, value: string) =>
      done(project, 'config', 'set', '--stack', 'dev', '--path', key, value);
    await done(project, 'stack', 'init', 'dev');
    if (name === 'nixos-fleet') {
      await set('nixos-fleet:overrideInputs.nixpkgs', `path:${installed.nixpkgs}`);
      await set('nixos-fleet:hosts.machine.address', '127.0.0.1');
      await set('nixos-fleet:hosts.machine.port', '1');
      assert.match(readFileSync(join(project, 'Pulumi.dev.yaml'), 'utf8'), /^# yaml-language-server: /);
    } else if (name === 'nixos-fleet-yaml') {
      const flake = join(project, 'nix/flake.nix');
      const pinned = readFileSync(flake, 'utf8').replace(/github:[^"]*/, `path:${installed.nixpkgs}`);
      writeFileSync(flake, pinned);
    } else {
      await set(`my-${name}:overrideInputs.nixpkgs`, `path:${installed.nixpkgs}`);
      const tsc = join(root, 'node_modules/.bin/tsc');
      const { exitCode, stdout } = await runToEnd(tsc, [], { cwd: project, timeoutSeconds: 120 });
      assert.equal(exitCode, 0, stdout);
    }
    const shown = await done(project, 'preview', '--diff');
    assert.match(shown, /nixos:index:Deployment: \(create\).*packages: "80"/s);
    if (name === 'nixos-fleet') assert.match(shown, /--outputs:--.* machines/s);
  });

test('the installed package has the set-up that virtual machines, rehearsals and images start, and all other files (fault 44)', async () => {
  const dist = join(installed.modules, 'nixos-fleet/dist');
  const args = ['ls-files', 'setup', 'nix', 'lib', 'commands'];
  const { stdout } = await run('git', args, { cwd: root, timeoutSeconds: 60 });
  for (const file of stdout.trim().split('\n')) {
    // Sources are bundled, and the CLI's first file lies beside dist/.
    if (/^(lib|commands)\/.*\.c?ts$/.test(file) || file.endsWith('.cjs')) continue;
    assert.equal(statSync(join(dist, file)).mode & 0o111, statSync(join(root, file)).mode & 0o111, file);
  }
  // A module of a bundle beside the others, as none is exported.
  await bundle({ name: 'test', entries: { 'set-up': 'lib/local/set-up.ts' } }, dist);
  const text = `import { findSetUp } from '${join(dist, 'set-up.js')}';
    console.log(await findSetUp({ prefix: 'none', files: ['vm-base', 'vm-packages'], read: async () => undefined }));`;
  const found = await runToEnd(process.execPath, ['--input-type=module', '-e', text], { timeoutSeconds: 60 });
  assert.equal(found.stdout, 'undefined\n', found.stderr);
});
