import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bridgeName, machineTitle } from '../../../../../lib/local/lab/paths.ts';

test('a bridge’s name fits an interface and differs for each lab', () => {
  const labs = [
    'dev',
    'production',
    'production-eu-1',
    'production-eu-2',
    'a.b',
    'a_b',
    'ab',
    'x'.repeat(100),
  ];
  const names = labs.map(bridgeName);
  for (const name of names) assert.match(name, /^[A-Za-z0-9_-]{1,15}$/);
  assert.equal(new Set(names).size, labs.length);
  assert.equal(bridgeName('dev'), 'nf-dev');
});

test('a machine’s title fits systemd and differs for each machine', () => {
  assert.equal(machineTitle('dev', 'web'), 'dev.web');
  assert.notEqual(machineTitle('a.b', 'c'), machineTitle('a', 'b-c'));
  const long = [machineTitle('x'.repeat(80), 'web'), machineTitle('x'.repeat(80), 'db')];
  assert.equal(new Set(long).size, 2);
  for (const title of long) assert.ok(title.length <= 64, title);
});
