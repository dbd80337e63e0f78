import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  builtAttribute,
  formatTarget,
  imageKey,
  parseTarget,
} from '../../../../lib/evaluation/image-target.ts';

test('a machine’s target is its attribute, an image’s names both', () => {
  assert.equal(formatTarget({ configuration: 'web' }), 'web');
  const image = { configuration: 'web "1"', image: ['system', 'build', 'images', 'qemu-efi'] };
  assert.deepEqual(parseTarget(formatTarget(image)), image);
  assert.deepEqual(parseTarget('web'), { configuration: 'web' });
  assert.deepEqual(builtAttribute({ configuration: 'web' }), ['system', 'build', 'toplevel']);
  assert.deepEqual(builtAttribute(image), image.image);
});

test('an image may bear the name of a host', () => {
  assert.notEqual(imageKey('web'), 'web');
});
