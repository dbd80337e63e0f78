/** Stacks that record the former name of a type, by the real Pulumi CLI. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { diskInstallInputs } from '../../schema/disk-install.ts';
import { CliProject } from './cli-project.ts';

const project = new CliProject();
after(() => project.remove());

// Nothing listens there: the connection is refused at once.
const connection = { address: '127.0.0.1', port: 1 };
const { host: _, ...web } = diskInstallInputs.parse({
  ...{ host: 'web', connection, disk: '/dev/vdb', serial: 'S4EVNX0R1', image: '/nix/store/web.raw' },
});
const former = join(project.folder, 'former.json');

async function succeeds(...args: string[]): Promise<string> {
  const { exitCode, text } = await project.pulumi(...args);
  assert.equal(exitCode, 0, text);
  return text;
}

/** Makes the program declare these disks. */
function declare(disks: object): void {
  const args = `disks: ${JSON.stringify(disks)}, readings: {}, ramSystems: {}, imageOf() {}, connectionOf() {}`;
  const components = new URL('../../components/index.ts', import.meta.url);
  writeFileSync(
    join(project.folder, 'index.ts'),
    `import { DiskInstalls } from '${components}';\nnew DiskInstalls('dev', { ${args} });\n`,
  );
}

const recordedTypes = async () => (await project.recorded()).map(({ type }) => type);

before(async () => {
  await succeeds('stack', 'init', 'dev');
  project.declare([
    { type: 'nixos:index:LiveSystems', name: 'dev', inputs: { 'web runs': '/nix/store/web' } },
  ]);
  await succeeds('up', '--yes', '--skip-preview');
  const state = JSON.parse((await project.pulumi('stack', 'export')).stdout);
  const { provider, parent: stack } = state.deployment.resources.pop();
  const type = 'nixos-fleet:index:DiskImages';
  const parent = `urn:pulumi:dev::fleet::${type}::dev`;
  const written = {
    ...{ state: 'verified', serials: ['S4EVNX0R1'], bytes: 1, sha256: '0', headSha256: '0' },
    ...{ backupTable: '', machineId: '0', bootId: '0', writtenAt: '2026-01-01T00:00:00.000Z' },
    present: 'unknown',
  };
  const inputs = { ...web, host: 'web' };
  state.deployment.resources.push(
    { urn: parent, custom: false, type, parent: stack },
    {
      urn: `urn:pulumi:dev::fleet::${type}$nixos:index:DiskImage::web`,
      ...{ custom: true, id: 'web/S4EVNX0R1', type: 'nixos:index:DiskImage', parent, provider },
      ...{ inputs, outputs: { ...inputs, ...written } },
    },
  );
  writeFileSync(former, JSON.stringify(state));
});

beforeEach(async () => {
  await succeeds('stack', 'import', '--file', former);
  declare({ web });
});

test('a program that declares the current type shows no change, and records it', async () => {
  assert.match(await succeeds('preview', '--diff', '--expect-no-changes'), /3 unchanged/);
  await succeeds('up', '--yes', '--skip-preview', '--expect-no-changes');
  assert.deepEqual(await recordedTypes(), ['nixos:index:DiskInstall']);
  assert.match(await succeeds('up', '--yes', '--skip-preview', '--expect-no-changes'), /3 unchanged/);
});

test('a change updates the resource recorded by the former name', async () => {
  declare({
    web: { ...web, bootTimeoutSeconds: 900, onImageChange: 'rewrite', image: '/nix/store/new.raw' },
  });
  const text = await succeeds('preview', '--diff');
  assert.match(text, /nixos:index:DiskInstall: \(update\)/);
  assert.doesNotMatch(text, /\(create\)|\(delete\)|\(replace\)/);
});

test('a refresh reads the resource recorded by the former name', async () => {
  assert.match(await succeeds('refresh', '--yes', '--expect-no-changes'), /3 unchanged/);
  assert.deepEqual(await recordedTypes(), ['nixos:index:DiskImage']);
});

test('a resource recorded by the former name is removed when the program drops it', async () => {
  declare({});
  assert.match(await succeeds('up', '--yes', '--skip-preview'), /2 deleted/);
  assert.deepEqual(await recordedTypes(), []);
});

test('a stack that records the former name can be destroyed', async () => {
  await succeeds('destroy', '--yes', '--skip-preview');
  assert.deepEqual(await recordedTypes(), []);
});
