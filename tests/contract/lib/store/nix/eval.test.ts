import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nixString, nixStrings } from '../../../../../lib/store/nix/eval.ts';
import { nix } from '../../../../../lib/store/nix/nix.ts';

test('strings pass through Nix unchanged, with any characters', async () => {
  const values = {
    'a"b': '\u0024{builtins.abort "no"}',
    'c\\d': 'line\nnext $ $\u0024{x} \\\u0024{y}\ttab',
    'é.f': "''quoted''",
  };
  const { stdout, stderr } = await nix(['eval', '--json', '--expr', nixStrings(values)], {
    timeoutSeconds: 60,
  });
  assert.deepEqual(JSON.parse(stdout), values, stderr);
  assert.equal(nixString('plain'), '"plain"');
});
