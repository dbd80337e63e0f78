import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  attributeValue,
  changesOf,
  explainEvaluation,
  narrowed,
  type ReadRecord,
  type TreeState,
} from '../../../../../lib/evaluation/reads/validity.ts';

const record = (files: ReadRecord['files'], more: Partial<ReadRecord> = {}): ReadRecord => ({
  facts: 'facts',
  drvPath: '/nix/store/web.drv',
  whole: false,
  names: 'names',
  files,
  attributes: {},
  ...more,
});
const state = (contents: Record<string, string>, more: Partial<TreeState> = {}): TreeState => ({
  names: 'names',
  content: (path) => contents[path],
  attribute: () => undefined,
  ...more,
});

test('facts are valid while files, names and used attributes are the same', () => {
  const web = record({ 'web.nix': ['1', true], 'db.nix': ['1', false] }, { attributes: { rev: 'a' } });
  const same = { attribute: () => 'a' };
  assert.equal(changesOf(web, state({ 'web.nix': '1', 'db.nix': '1' }, same)), undefined);
  const changed = changesOf(web, state({ 'web.nix': '1', 'db.nix': '2' }, same));
  assert.deepEqual([changed?.files, changed?.certain], [['db.nix'], false]);
  assert.equal(changesOf(web, state({ 'web.nix': '2', 'db.nix': '1' }, same))?.certain, true);
  assert.deepEqual(changesOf(web, state({ 'db.nix': '1' }, same))?.files, ['web.nix']);
  assert.deepEqual(changesOf(web, state({ 'web.nix': '1', 'db.nix': '1' }))?.attributes, ['rev']);
  assert.equal(
    changesOf(web, state({ 'web.nix': '1', 'db.nix': '1' }, { ...same, names: 'x' }))?.names,
    true,
  );
  assert.equal(
    changesOf({ ...web, whole: true }, state({ 'web.nix': '1', 'db.nix': '1' }, same))?.whole,
    true,
  );
});

test('a host that reads nothing of what changed reads only what both evaluations observed', () => {
  const before = record({ a: ['1', true], b: ['1', false], x: ['1', false] }, { attributes: { rev: '1' } });
  const after = record({ a: ['1', false], b: ['1', true], c: ['1', false] });
  const changes = changesOf(before, state({ a: '1', b: '1', x: '2' }, { attribute: () => '1' }));
  assert.deepEqual(narrowed(after, before, changes).files, { a: ['1', true], b: ['1', true] });
});

test('a host that reads what changed may read anything now', () => {
  const before = record({ a: ['1', true] });
  const after = record({ a: ['2', false], b: ['1', false] });
  const changes = changesOf(before, state({ a: '2', b: '1' }));
  assert.deepEqual(narrowed(after, before, changes).files, after.files);
  // The system changed, and nothing but this file.
  const other = { ...after, drvPath: '/nix/store/other.drv' };
  assert.deepEqual(narrowed(other, before, changes).files, { a: ['2', true], b: ['1', false] });
  const renamed = changesOf(before, state({ a: '1' }, { names: 'x' }));
  assert.deepEqual(narrowed(after, before, renamed).files, after.files);
});

test('an attribute of the flake has the value that Nix reports, or is not known', () => {
  const source = { lastModified: 5, narHash: 'sha256-' };
  assert.equal(attributeValue('shortRev', source, 'abc'), 'abc');
  assert.equal(attributeValue('lastModifiedDate', source, 'abc'), '5');
  assert.equal(attributeValue('narHash', source, 'abc'), undefined);
  assert.equal(attributeValue('input.rev', source, 'abc'), undefined);
});

test('a preview reports how much was evaluated, and why', () => {
  const changed = (files: string[], more = {}) => ({
    files,
    attributes: [],
    names: false,
    whole: false,
    certain: true,
    ...more,
  });
  const none = { added: [], removed: [] };
  assert.equal(
    explainEvaluation(1, 100, [changed(['hosts/web.nix'])], none),
    '1 of 100 evaluated: hosts/web.nix changed',
  );
  assert.equal(
    explainEvaluation(2, 3, [changed(['d', 'b', 'a', 'c']), changed([], { attributes: ['rev'] })], none),
    "2 of 3 evaluated: a, b, c and 1 more changed; the flake's rev changed",
  );
  assert.equal(
    explainEvaluation(3, 3, [changed(['gone'], { names: true }), undefined, changed([], { whole: true })], {
      added: ['new'],
      removed: ['gone'],
    }),
    '3 of 3 evaluated: new added; gone removed; 1 read the flake as a whole; 1 had no facts yet',
  );
  assert.match(explainEvaluation(1, 1, [changed([], { names: true })], none), /the kind of a file changed$/);
});
