import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageSettings } from '../../../../program/config/images.ts';
import { parseStackConfig } from '../../../../program/config/parse-config.ts';

const parse = (values: Record<string, unknown>) =>
  parseStackConfig(
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, JSON.stringify(value)])),
    'dev',
  );

test('an image defaults to the qemu-efi variant of the configuration with its name', () => {
  const config = parse({
    images: {
      web: {},
      stick: { configuration: 'web', variant: 'iso', keep: '/srv/web.iso' },
      old: { configuration: 'db', attribute: 'system.build.diskImage' },
    },
  });
  assert.deepEqual(imageSettings(config), {
    web: { configuration: 'web', image: ['system', 'build', 'images', 'qemu-efi'], keep: undefined },
    stick: { configuration: 'web', image: ['system', 'build', 'images', 'iso'], keep: '/srv/web.iso' },
    old: { configuration: 'db', image: ['system', 'build', 'diskImage'], keep: undefined },
  });
});

test('errors of an image name its key', () => {
  assert.throws(
    () => parse({ images: { web: { variant: 'iso', attribute: 'system.build.image' } } }),
    /images\.web\.attribute: names the image already: variant cannot be given with it/,
  );
  assert.throws(
    () => parse({ images: { web: { attribute: 'system.build.images."x"', keep: 'web.iso' } } }),
    /images\.web\.attribute: must be an attribute path[\s\S]*images\.web\.keep: must be the absolute path/,
  );
  assert.throws(() => parse({ images: { web: { varient: 'iso' } } }), /did you mean variant\?/);
});

test('a virtual machine’s image is one of the stack’s, or a path', () => {
  const machine = (image: string) => ({ images: { web: {} }, virtualMachines: { one: { image } } });
  assert.equal(parse(machine('web')).virtualMachines.one?.image, 'web');
  assert.equal(parse(machine('/srv/web.qcow2')).virtualMachines.one?.image, '/srv/web.qcow2');
  assert.throws(
    () => parse(machine('wep')),
    /virtualMachines\.one\.image: is 'wep', which is neither an absolute path nor one of images/,
  );
});

test('lab containers need a network; virtual machines do not', () => {
  assert.throws(() => parse({ lab: {}, hosts: { web: { lab: true } } }), /needs the key lab with a network/);
  assert.deepEqual(parse({ lab: {}, images: { web: {} } }).lab, { system: 'auto', kernels: false });
});
