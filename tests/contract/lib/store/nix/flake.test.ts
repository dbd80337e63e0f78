import assert from 'node:assert/strict';
import { appendFile, mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FleetError } from '../../../../../lib/base/errors.ts';
import { run } from '../../../../../lib/base/process/run.ts';
import { lockFlake } from '../../../../../lib/store/nix/flake.ts';
import { ownFlake, ownFolder } from '../../../../fixtures/flakes/copy.ts';

const metadata = (flake: string, overrideInputs: Record<string, string> = {}) =>
  lockFlake({ flake, baseDirectory: '/', overrideInputs });

test('the identity changes only with the tree', async () => {
  const folder = await ownFlake();
  const before = await metadata(`path:${folder}`);
  assert.equal((await metadata(`path:${folder}`)).identity, before.identity);
  assert.equal(before.revision, '');
  assert.equal(before.localPath, folder);
  await appendFile(join(folder, 'system.nix'), '\n');
  assert.notEqual((await metadata(`path:${folder}`)).identity, before.identity);
});

test('the identity changes with a time that an evaluation can read', async () => {
  const folder = await ownFlake();
  const before = await metadata(`path:${folder}`);
  const later = new Date(Date.now() + 3_600_000);
  await utimes(join(folder, 'flake.nix'), later, later);
  assert.notEqual((await metadata(`path:${folder}`)).identity, before.identity);
});

test('the identity is that with the lock file that Nix completes (fault 78)', async () => {
  const folder = await ownFolder();
  await mkdir(join(folder, 'data'));
  await writeFile(
    join(folder, 'flake.nix'),
    `{ inputs.data = { url = "path:${folder}/data"; flake = false; }; outputs = _: { }; }`,
  );
  const first = await metadata(`path:${folder}`);
  assert.equal((await metadata(`path:${folder}`)).identity, first.identity);
});

test('the identity changes with the content of a replaced input', async () => {
  const folder = await ownFolder();
  const input = join(folder, 'input');
  await mkdir(input);
  await writeFile(join(input, 'a'), 'one');
  const flake = join(folder, 'flake');
  await mkdir(flake);
  await writeFile(
    join(flake, 'flake.nix'),
    '{ inputs.data = { url = "path:/nowhere"; flake = false; }; outputs = _: { }; }',
  );
  const overrides = { data: `path:${input}` };
  const before = await metadata(`path:${flake}`, overrides);
  assert.deepEqual(before.overrides, ['--override-input', 'data', `path:${input}`]);
  assert.equal((await metadata(`path:${flake}`, overrides)).identity, before.identity);
  await writeFile(join(input, 'a'), 'two');
  assert.notEqual((await metadata(`path:${flake}`, overrides)).identity, before.identity);
});

test('the revision of a git tree shows whether the tree has changes', async () => {
  const folder = await ownFlake();
  const git = (...args: string[]) =>
    run('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      cwd: folder,
      timeoutSeconds: 30,
    });
  await git('init', '-q');
  await git('add', '.');
  await git('commit', '-q', '-m', 'first');
  const clean = await metadata(folder);
  assert.match(clean.revision, /^[0-9a-f]{40}$/);
  await appendFile(join(folder, 'system.nix'), '\n');
  const dirty = await metadata(folder);
  assert.equal(dirty.revision, `${clean.revision}-dirty`);
  assert.notEqual(dirty.identity, clean.identity);
  await appendFile(join(folder, 'system.nix'), '\n');
  assert.notEqual((await metadata(folder)).identity, dirty.identity);
});

async function failure(work: Promise<unknown>): Promise<FleetError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof FleetError, String(error));
  assert.equal(error.code, 'flake-invalid');
  return error;
}

test('a missing flake is flake-invalid', async () => {
  const folder = await ownFolder();
  const error = await failure(metadata(join(folder, 'none')));
  assert.match(error.message, /cannot read the flake/);
  assert.match(error.fix ?? '', /nixos-fleet:flake/);
  assert.match((await failure(metadata(`path:${folder}`))).fix ?? '', /nixos-fleet:flake/);
});

test('a syntax error has file, line and the line’s text', async () => {
  const folder = await ownFlake();
  await writeFile(join(folder, 'flake.nix'), '{\n  outputs = _: {\n    broken = ;\n  };\n}\n');
  const error = await failure(metadata(`path:${folder}`));
  assert.match(error.why ?? '', /^syntax error, unexpected ';'/);
  assert.ok(error.why?.includes(`${folder}/flake.nix:3:`), error.why);
  assert.match(error.why ?? '', /broken = ;/);
});

test('an input’s date is that of its commit', async () => {
  const [input, folder] = [await ownFolder(), await ownFolder()];
  const git = (...args: string[]) => run('git', ['-C', input, ...args], { timeoutSeconds: 60, env: dates });
  const dates = { GIT_AUTHOR_DATE: '1700000000 +0000', GIT_COMMITTER_DATE: '1700000000 +0000' };
  await git('init', '-q');
  await writeFile(join(input, 'file'), '');
  await git('add', '.');
  await git('-c', 'user.name=test', '-c', 'user.email=test@example.org', 'commit', '-qm', 'One');
  const flake = `{ inputs.tools = { url = "git+file://${input}"; flake = false; }; outputs = _: { }; }`;
  await writeFile(join(folder, 'flake.nix'), flake);
  assert.deepEqual((await metadata(`path:${folder}`)).inputs, { tools: 1700000000 });
});
