import assert from 'node:assert/strict';
import { test } from 'node:test';
import { registry } from '../../../../provider/registry.ts';
import { recordedForm, recordedPath } from '../../../../provider/wire/summaries.ts';
import { decode, encode } from '../../../../provider/wire/wire.ts';

const kernel = registry.get('nixos:index:Kernel');
assert.ok(kernel);

test('a long input is recorded under a name that Pulumi does not print, and read back whole (fault 80)', () => {
  const inputs = { version: '6.18', config: { KVM: 'm', EXT4: 'y' } };
  const recorded = recordedForm(kernel, true)(inputs);
  assert.deepEqual(recorded, { version: '6.18', config: '2 symbols: 1 y, 1 m', __config: inputs.config });
  assert.deepEqual(decode(encode(recorded)).properties, inputs);
  assert.equal(decode(encode(recorded)).summarized, true);
});

test('a resource of an earlier version keeps its form', () => {
  const inputs = { version: '6.18', config: { KVM: 'm' } };
  assert.deepEqual(recordedForm(kernel, false)(inputs), inputs);
  assert.equal(decode(encode(inputs)).summarized, false);
});

test('a diff names the property that is recorded', () => {
  assert.equal(recordedPath('config["A.B"]'), '__config["A.B"]');
  assert.equal(recordedPath('configured'), '__configured');
  assert.equal(recordedPath('connection.address'), 'connection.address');
});
