/** Who owns the files on a machine, run by this computer's shell. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { FleetError } from '../../../../lib/base/errors.ts';
import { addPushedRoot, removePushedRoots } from '../../../../lib/machine/nix-conf/pushed-roots.ts';
import { runSubstitutersAction } from '../../../../lib/machine/nix-conf/substituters-file.ts';
import { newClaim, type Ownership } from '../../../../lib/machine/ownership/ownership.ts';
import { removeSecret, writeSecret } from '../../../../lib/machine/secrets/secret-file.ts';
import { secretFile } from '../../../../schema/secret.ts';
import { LocalMachine } from './local-machine.ts';

let here: LocalMachine;
let path: string;
beforeEach(() => {
  here = new LocalMachine();
  here.program('systemctl', 'exit 1');
  path = join(here.folder, 'secret');
});
afterEach(() => here.remove());

const owner = (name: string, stack = 'dev'): Ownership => ({
  claim: newClaim(),
  urn: `urn:pulumi:${stack}::fleet::nixos:index:Secret::${name}`,
});
const write = (ownership: Ownership, value = 'text') =>
  writeSecret(
    here.machine,
    { ...secretFile.parse({ path, owner: '0', group: '0' }), value },
    ownership,
    undefined,
  );
const remove = (ownership: Ownership) => removeSecret(here.machine, path, ownership, here.machineId);
const records = () => readdirSync(join(here.folder, 'var/owners')).filter((name) => name !== 'lock');

test('a renamed secret keeps its file: the new name writes it, then the old name deletes nothing (fault 14)', async () => {
  const [old, renamed] = [owner('a'), owner('b')];
  await write(old);
  await write(renamed);
  assert.match((await remove(old)).owner?.resource ?? '', /::b$/);
  assert.equal(readFileSync(path, 'utf8'), 'text');
  assert.equal((await remove(renamed)).owner, undefined);
  assert.equal(existsSync(path), false);
  assert.deepEqual(records(), []);
});

test('a replaced secret keeps its file, although both have one name (fault 14)', async () => {
  const [old, replacement] = [owner('a'), owner('a')];
  await write(old);
  await write(replacement);
  assert.ok((await remove(old)).owner);
  assert.ok(existsSync(path));
});

test('a file of another stack is neither overwritten nor deleted, unless it is taken over (faults 14, 15)', async () => {
  const [first, second] = [owner('a', 'dev'), owner('a', 'prod')];
  await write(first);
  await assert.rejects(write(second, 'other'), (error: FleetError) => {
    assert.equal(error.code, 'owned-by-other');
    assert.match(error.message, /fleet\/dev manages it \(urn:pulumi:dev::.*::a\), set up by \S+@\S+, 20/);
    assert.match(error.message, /set takeOverFrom: fleet\/dev/);
    return true;
  });
  assert.equal(readFileSync(path, 'utf8'), 'text');
  await write({ ...second, takeOverFrom: 'fleet/dev' }, 'other');
  assert.ok((await remove(first)).owner);
  assert.equal(readFileSync(path, 'utf8'), 'other');
  await assert.rejects(write(first), /fleet\/prod manages it/);
});

test('a stack that was renamed still owns its files', async () => {
  const before = owner('a', 'dev');
  const renamed = { ...before, urn: owner('a', 'production').urn };
  await write(before);
  await write(renamed);
  assert.equal((await remove(renamed)).owner, undefined);
});

test('a file of an earlier version is adopted, and deleted by its resource', async () => {
  writeFileSync(path, 'old');
  assert.equal((await remove({ ...owner('a'), claim: '' })).owner, undefined);
  assert.equal(existsSync(path), false);
  writeFileSync(path, 'old');
  const adopting = owner('a');
  await write(adopting);
  await remove(adopting);
  assert.equal(existsSync(path), false);
});

test('a file that an earlier version wrote stays after another resource has written it (fault 14)', async () => {
  writeFileSync(path, 'old');
  await write(owner('b'));
  assert.ok((await remove({ ...owner('a'), claim: '' })).owner);
  assert.ok(existsSync(path));
});

test('records that were lost, as on a machine that forgets /var, count as adopted', async () => {
  const mine = owner('a');
  await write(mine);
  rmSync(join(here.folder, 'var'), { recursive: true });
  await remove(mine);
  assert.equal(existsSync(path), false);
});

test('the part of nix.conf of a renamed host stays (fault 14)', async () => {
  const [old, renamed] = [owner('a'), owner('b')];
  const file = join(here.folder, 'var/nix-caches.conf');
  const inputs = { caches: {}, connectTimeoutSeconds: 5 };
  const act = (action: 'write' | 'remove', ownership: Ownership) =>
    runSubstitutersAction(here.machine, action, inputs, ownership, here.machineId);
  await act('write', old);
  await act('write', renamed);
  assert.match((await act('remove', old)).owner?.resource ?? '', /::b$/);
  assert.ok(existsSync(file));
  await act('remove', renamed);
  assert.equal(existsSync(file), false);
});

test('a file is written although its units do not restart in time, and the error is about the units (fault 37)', async () => {
  const { run } = here.machine;
  const limits: (number | undefined)[] = [];
  const machine: typeof here.machine = {
    ...here.machine,
    run: async (script, options) => {
      limits.push(options?.timeoutSeconds);
      if (/^action='?restart/m.test(String(script)))
        throw new FleetError({ code: 'unreachable', what: 'the script was ended', why: 'it took too long' });
      return await run(script, options);
    },
  };
  const restartUnits = ['a.service', 'b.service'];
  const inputs = { ...secretFile.parse({ path, owner: '0', group: '0', restartUnits }), value: 'text' };
  const { machineId, notRestarted } = await writeSecret(machine, inputs, owner('a'), undefined);
  assert.equal(machineId, here.machineId);
  assert.match(notRestarted?.message ?? '', /was written, but units that use it did not restart/);
  assert.equal(readFileSync(path, 'utf8'), 'text');
  assert.deepEqual(limits, [60, 420], 'each unit has its time');
});

test('the gc roots of a replaced push stay (fault 14)', async () => {
  const [old, replacement] = [owner('a'), owner('a')];
  const root = join(here.folder, 'gcroots/nixos-fleet-pushed/web');
  await addPushedRoot(here.machine, 'web', '/nix/store/x-system', old);
  await addPushedRoot(here.machine, 'web', '/nix/store/x-system', replacement);
  await removePushedRoots(here.machine, 'web', old);
  assert.deepEqual(readdirSync(root), ['x-system']);
  await removePushedRoots(here.machine, 'web', replacement);
  assert.equal(existsSync(root), false);
});
