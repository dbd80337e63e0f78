import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  contains,
  formatAddress,
  gatewayOf,
  overlap,
  parseAddress,
  parseCidr,
} from '../../../../../lib/local/lab/cidr.ts';

test('addresses are parsed and formatted', () => {
  for (const text of ['0.0.0.0', '10.213.7.1', '255.255.255.255']) {
    assert.equal(formatAddress(parseAddress(text) ?? -1), text);
  }
  for (const text of [
    '',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.01',
    '10.0.0.1.2',
    'a.b.c.d',
    '10.0.0.-1',
    '10.0.0.1 ',
  ]) {
    assert.equal(parseAddress(text), undefined, text);
  }
});

test('host bits of a network are dropped', () => {
  assert.deepEqual(parseCidr('10.213.7.9/24'), parseCidr('10.213.7.0/24'));
  assert.deepEqual(parseCidr('10.0.0.1'), { network: parseAddress('10.0.0.1'), prefix: 32 });
  assert.deepEqual(parseCidr('0.0.0.0/0'), { network: 0, prefix: 0 });
  for (const text of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/24/8', '10.0.0/24', 'default']) {
    assert.equal(parseCidr(text), undefined, text);
  }
});

test('containment and overlap of networks', () => {
  const network = (text: string) => parseCidr(text) ?? assert.fail(text);
  assert.equal(gatewayOf(network('10.213.7.0/24')), '10.213.7.1');
  assert.equal(contains(network('10.213.7.0/24'), parseAddress('10.213.7.255') ?? 0), true);
  assert.equal(contains(network('10.213.7.0/24'), parseAddress('10.213.8.0') ?? 0), false);
  assert.equal(overlap(network('10.0.0.0/8'), network('10.213.7.0/24')), true);
  assert.equal(overlap(network('10.213.7.0/24'), network('10.0.0.0/8')), true);
  assert.equal(overlap(network('10.213.7.0/24'), network('10.213.8.0/24')), false);
});
