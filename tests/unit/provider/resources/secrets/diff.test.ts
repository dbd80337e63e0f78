import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedNames, diffSecrets, removedPaths } from '../../../../../provider/resources/secrets/diff.ts';
import { type SecretsInputs, secretsInputs } from '../../../../../schema/secrets.ts';

function inputs(files: Record<string, object>, values: Record<string, string> = {}): SecretsInputs {
  const all = Object.fromEntries(
    Object.entries(files).map(([name, file]) => [name, { path: `/run/keys/${name}`, ...file }]),
  );
  const given = Object.fromEntries(Object.keys(files).map((name) => [name, values[name] ?? `value-${name}`]));
  return secretsInputs.parse({ host: 'web', connection: { address: 'web' }, files: all, values: given });
}

function recorded(
  desired: SecretsInputs,
  contents: Record<string, 'in-place' | 'changed' | 'missing'> = {},
  restartDue = false,
) {
  const { values: _, ...rest } = desired;
  const all = Object.fromEntries(
    Object.keys(desired.files).map((name) => [name, contents[name] ?? ('in-place' as const)]),
  );
  return { id: 'm:c', inputs: desired, state: { ...rest, contents: all, restartDue, claim: 'c' } };
}

test('the same secrets are no change', () => {
  const desired = inputs({ a: {}, b: {} });
  const { changes, notes } = diffSecrets(recorded(desired), desired);
  assert.equal(changes, false);
  assert.deepEqual(notes, []);
  assert.deepEqual(changedNames(recorded(desired), desired), []);
});

test('only what changed is sent: new, with new content, with another mode, edited, missing', () => {
  const old = inputs({ same: {}, content: {}, mode: {}, edited: {}, gone: {}, dropped: {} });
  const desired = inputs(
    { same: {}, content: {}, mode: { mode: '0440' }, edited: {}, gone: {}, added: {} },
    { content: 'other' },
  );
  const before = recorded(old, { edited: 'changed', gone: 'missing' });
  assert.deepEqual(changedNames(before, desired), ['content', 'mode', 'edited', 'gone', 'added']);
  assert.deepEqual(removedPaths(old, desired), ['/run/keys/dropped']);
  const { detailed, notes } = diffSecrets(before, desired);
  assert.deepEqual(
    ['values.content', 'files.mode.mode', 'contents.edited', 'contents.gone'].filter(
      (path) => !detailed[path],
    ),
    [],
  );
  assert.equal(detailed['contents.edited']?.inputDiff, false);
  assert.ok(!Object.keys(detailed).some((path) => path.startsWith('contents.dropped')));
  assert.deepEqual(notes, [
    'secrets of web: new: added; with new content: content; with another place, owner, mode or unit: mode; restored on the machine: edited, gone; removed: dropped',
  ]);
});

test('a changed path: the file is written at the new one and removed at the old one, unless another file is there', () => {
  const old = inputs({ a: {}, b: {} });
  const moved = inputs({ a: { path: '/run/keys/b' }, b: { path: '/run/keys/c' } });
  assert.deepEqual(changedNames(recorded(old), moved), ['a', 'b']);
  assert.deepEqual(removedPaths(old, moved), ['/run/keys/a']);
});

test('units that did not restart are a change', () => {
  const desired = inputs({ a: {} });
  const { changes, detailed } = diffSecrets(recorded(desired, {}, true), desired);
  assert.equal(changes, true);
  assert.deepEqual(Object.keys(detailed), ['restartDue']);
});

test('another machine-id replaces; many names are counted', () => {
  const names = Array.from({ length: 25 }, (_, n) => [`s${n}`, {}]);
  const desired = { ...inputs(Object.fromEntries(names)), machineId: 'other' };
  const { detailed, notes } = diffSecrets(recorded(inputs({})), desired);
  assert.equal(detailed.machineId?.kind, 'update-replace');
  assert.match(notes?.[0] ?? '', /s19, 5 more$/);
});
