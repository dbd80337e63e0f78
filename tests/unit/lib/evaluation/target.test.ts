import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtAttribute, formatTarget, imageKey, outputKey } from '../../../../lib/evaluation/target.ts';

const configuration = 'web "1"';
const image = ['system', 'build', 'images', 'qemu-efi'];
const output = ['system', 'build', 'vm'];

test('a system is formatted as its attribute, an image or an output as JSON', () => {
  assert.equal(formatTarget({ configuration: 'web' }), 'web');
  assert.deepEqual(JSON.parse(formatTarget({ configuration, image })), { configuration, image });
  assert.deepEqual(JSON.parse(formatTarget({ configuration, output })), { configuration, output });
});

test('the label of a target is not evaluated', () => {
  assert.equal(
    formatTarget({ configuration, output, label: 'web' }),
    formatTarget({ configuration, output, label: 'db' }),
  );
});

test('the built attribute is that of the system, the image or the output', () => {
  assert.deepEqual(builtAttribute({ configuration }), ['system', 'build', 'toplevel']);
  assert.deepEqual(builtAttribute({ configuration, image }), image);
  assert.deepEqual(builtAttribute({ configuration, output }), output);
});

test('an image and an output may have the name of a host', () => {
  assert.equal(new Set(['web', imageKey('web'), outputKey('web')]).size, 3);
});
