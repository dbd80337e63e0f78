import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findMentions } from '../../../../../lib/evaluation/closure/mentions.ts';
import { hashPart } from '../../../../../lib/evaluation/closure/names.ts';

const path = (hash: string) => `/nix/store/${hash.repeat(32)}-name-1`;

function contextsOf(hash: string, env: Record<string, string>, args: string[] = []) {
  const derivation = {
    env,
    args,
    outputs: { out: path('z') },
    fixed: false,
    inputDrvs: {},
    sources: [],
    system: '',
  };
  return findMentions(derivation).get(hashPart(path(hash)));
}

test('a place is the attribute, the first word of the line and what the path is glued to', () => {
  const buildCommand = `mkdir $out\n  ln -s ${path('a')}/etc $out/etc\nmakeEntry '${path('b')}' x`;
  assert.deepEqual(contextsOf('a', { buildCommand }), [{ attribute: 'buildCommand', words: 'ln ' }]);
  assert.deepEqual(contextsOf('b', { buildCommand }), [{ attribute: 'buildCommand', words: "makeEntry '" }]);
});

test('lists have no words, however long; other paths in a text are no words either', () => {
  const paths = `${path('a')} ${path('b')}`;
  assert.deepEqual(contextsOf('b', { paths }), [{ attribute: 'paths', words: '' }]);
  const text = `ExecStart=${path('a')}/bin/a:${path('b')}`;
  assert.deepEqual(contextsOf('b', { text }), [{ attribute: 'text', words: 'ExecStart=@/bin/a:' }]);
});

test('structured attributes and JSON are read by their attributes', () => {
  const json = JSON.stringify({ chosen: [{ paths: [path('a')] }], text: `x\ncp ${path('b')}` });
  assert.deepEqual(contextsOf('a', { __json: json }), [{ attribute: 'chosen.paths', words: '' }]);
  assert.deepEqual(contextsOf('b', { __json: json }), [{ attribute: 'text', words: 'cp ' }]);
  assert.deepEqual(contextsOf('a', { pkgs: JSON.stringify([path('a')]) }), [
    { attribute: 'pkgs', words: '' },
  ]);
  assert.deepEqual(contextsOf('a', { pkgs: `[no json ${path('a')}` }), [
    { attribute: 'pkgs', words: '[no ' },
  ]);
});

test('arguments count; own outputs do not', () => {
  assert.deepEqual(contextsOf('a', {}, ['-e', path('a')]), [{ attribute: 'args', words: '' }]);
  assert.equal(contextsOf('z', { out: path('z') }), undefined);
});
