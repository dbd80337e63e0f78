import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { run } from '../../lib/base/process/run.ts';
import { CliProject, type Declared } from './cli-project.ts';
import { instantiate, write } from './derivations.ts';

/** Kernel and System through the real Pulumi CLI, with real builds. Each test continues from the previous one. */
const project = new CliProject();
after(() => project.remove());

const [oneKernel, twoKernel, oneSystem, twoSystem] = await Promise.all(
  ['linux-one', 'linux-two', 'web-one', 'web-two'].map((name) => instantiate(name, write(name))),
);
assert.ok(oneKernel && twoKernel && oneSystem && twoSystem);

const kernel = {
  ...oneKernel,
  version: '6.18.1',
  modDirVersion: '6.18.1',
  source: 'linux-6.18.1.tar.xz',
  sourceRevision: '',
  dev: '',
  patches: {},
  config: { KVM: 'm', EXT4: 'y', 'A.B': 'y' },
};
const first: Declared[] = [
  { type: 'nixos:index:Kernel', name: 'linux', inputs: kernel },
  { type: 'nixos:index:System', name: 'web', inputs: { host: 'web', ...oneSystem }, dependsOn: ['linux'] },
];
const second: Declared[] = [
  {
    type: 'nixos:index:Kernel',
    name: 'linux',
    inputs: { ...kernel, ...twoKernel, config: { KVM: 'y', 'A.B': 'n', KGDB: 'y' } },
  },
  { type: 'nixos:index:System', name: 'web', inputs: { host: 'web', ...twoSystem }, dependsOn: ['linux'] },
];

before(async () => {
  const { exitCode, text } = await project.pulumi('stack', 'init', 'dev');
  assert.equal(exitCode, 0, text);
});

async function succeeds(...args: string[]): Promise<string> {
  const { exitCode, text } = await project.pulumi(...args);
  assert.equal(exitCode, 0, text);
  assert.doesNotMatch(text, /exited prematurely/);
  return text;
}

test('a preview shows what would be created, and builds nothing', async () => {
  project.declare(first);
  const text = await succeeds('preview', '--diff');
  assert.match(text, /outPath *: "\/nix\/store\/[^"]*web-one"/);
  assert.match(text, /config *: "3 symbols: 2 y, 1 m"/);
  assert.equal(existsSync(oneSystem.outPath), false);
});

test('up builds; a second up has nothing to do', async () => {
  await succeeds('up', '--yes', '--skip-preview');
  assert.equal(existsSync(oneSystem.outPath), true);
  assert.match(await succeeds('up', '--yes', '--expect-no-changes'), /3 unchanged/);
  const recorded = await project.recorded();
  assert.deepEqual(
    recorded.map(({ id }) => id),
    ['fleet-dev-kernel-linux', 'fleet-dev-system-web'],
  );
});

test('a preview of other inputs shows the properties that differ, and no more', async () => {
  project.declare(second);
  const text = await succeeds('preview', '--diff');
  assert.match(text, /KVM *: "m" => "y"/);
  assert.match(text, /A\.B *: "y" => "n"/);
  assert.match(text, /EXT4 *: "y"/);
  assert.match(text, /\+ *KGDB *: "y"/);
  assert.match(text, /outPath *: "[^"]*web-one" => "[^"]*web-two"/);
  assert.doesNotMatch(text, /version *:.*=>/);
  assert.doesNotMatch(text, /drvPath *:.*=>/);
  await succeeds('up', '--yes', '--skip-preview');
});

test('neither a new version of the package nor a derivation with the same output is a change', async () => {
  project.upgrade('99.0.0');
  const [linux, web] = second;
  assert.ok(linux && web);
  project.declare([linux, { ...web, inputs: { ...web.inputs, drvPath: oneSystem.drvPath } }]);
  assert.match(await succeeds('up', '--yes', '--expect-no-changes'), /3 unchanged/);
  project.declare(second);
});

test('a refresh finds nothing', async () => {
  assert.match(await succeeds('refresh', '--yes', '--expect-no-changes'), /3 unchanged/);
});

test('bad inputs are named by their path, all together, and nothing is created', async () => {
  const before = await project.recorded();
  project.declare([
    ...second,
    {
      type: 'nixos:index:System',
      name: 'bad',
      inputs: { host: 'bad', drvPath: '/etc/passwd', outpath: 'x' },
    },
  ]);
  const { exitCode, text } = await project.pulumi('preview');
  assert.notEqual(exitCode, 0);
  assert.match(text, /outpath/);
  assert.match(text, /outPath/);
  assert.doesNotMatch(text, /\n\s+at .*provider\//);
  assert.deepEqual(await project.recorded(), before);
  project.declare(second);
});

test('a failed build names the machine, the reason and a fix', async () => {
  const broken = await instantiate('db-broken', 'echo no such luck; exit 7');
  project.declare([...second, { type: 'nixos:index:System', name: 'db', inputs: { host: 'db', ...broken } }]);
  const { exitCode, text } = await project.pulumi('up', '--yes', '--skip-preview');
  assert.notEqual(exitCode, 0);
  assert.match(text, /db: .*\[build-failed\]/);
  assert.match(text, /no such luck/);
  assert.match(text, /nix log/);
  assert.doesNotMatch(text, /pending operation/i);
  project.declare(second);
});

test('Ctrl-C stops a build, and the next update completes it', { timeout: 120_000 }, async () => {
  const endless = await instantiate('endless', 'while :; do :; done');
  const inputs = { host: 'slow', ...endless };
  project.declare([...second, { type: 'nixos:index:System', name: 'slow', inputs }]);
  const { exitCode, text } = await project.interrupt(/building.*endless/, 'up', '--yes', '--skip-preview');
  assert.notEqual(exitCode, 0);
  assert.match(text, /\[cancelled\]/);
  assert.doesNotMatch(text, /exited prematurely|please report/);
  const commandLines = await run('ps', ['-eo', 'args'], { timeoutSeconds: 10 });
  assert.ok(!commandLines.stdout.includes(endless.drvPath), 'nix still builds');
  project.declare(second);
  assert.match(await succeeds('up', '--yes', '--skip-preview'), /3 unchanged/);
});

test('a destroy removes all, and an import by path adopts what was built', async () => {
  await succeeds('destroy', '--yes', '--skip-preview');
  assert.deepEqual(await project.recorded(), []);
  const [, web] = second;
  assert.ok(web);
  project.declare([{ ...web, dependsOn: [], import: twoSystem.outPath }]);
  await succeeds('up', '--yes', '--skip-preview');
  project.declare([{ ...web, dependsOn: [] }]);
  assert.match(await succeeds('up', '--yes', '--expect-no-changes'), /2 unchanged/);
  await succeeds('destroy', '--yes', '--skip-preview');
});

test('the CLI reads the schema', async () => {
  const { stdout, exitCode, stderr } = await project.pulumi(
    'package',
    'get-schema',
    new URL('../../provider/pulumi-resource-nixos', import.meta.url).pathname,
  );
  assert.equal(exitCode, 0, stderr);
  assert.ok('nixos:index:System' in JSON.parse(stdout).resources);
});
