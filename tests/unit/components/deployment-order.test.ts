import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeWaves } from '../../../components/deployment-order.ts';

test('a host belongs to the first wave that names it; hosts of none are the last one', () => {
  const waves = [
    { name: 'canary', hosts: ['a'] },
    { name: 'eu', hosts: ['a', 'b', 'gone', 'b'] },
    { name: 'none', hosts: ['a'] },
  ];
  assert.deepEqual(
    completeWaves(waves, ['a', 'b', 'c', 'd']).map(({ name, hosts }) => [name, hosts]),
    [
      ['canary', ['a']],
      ['eu', ['b']],
      ['none', []],
      ['rest', ['c', 'd']],
    ],
  );
  assert.deepEqual(
    completeWaves(waves, ['a', 'b']).map(({ name }) => name),
    ['canary', 'eu', 'none'],
  );
});

test('two waves of one name are refused, also where one is the last', () => {
  assert.throws(() => completeWaves([{ name: 'rest', hosts: ['a'] }], ['a', 'b']), /two waves .* rest/);
});
