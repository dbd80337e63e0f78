import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hardwareSettings } from '../../../../program/config/hardware.ts';
import { hostSettings } from '../../../../program/config/hosts.ts';
import { parseStackConfig } from '../../../../program/config/parse-config.ts';

function settings(hosts: object, flake = './nix') {
  const config = parseStackConfig({ hosts: JSON.stringify(hosts), flake }, 'dev');
  return hardwareSettings(hostSettings(config), config, '/fleet');
}
const fileOf = (host: object, flake?: string) =>
  settings({ web: { hardwareConfig: true, ...host } }, flake).web?.file;

test('a file is in the folder of the machine’s configuration, unless it is set', () => {
  assert.equal(fileOf({}), 'nix/hosts/web/hardware-configuration.nix');
  assert.equal(fileOf({ configuration: 'www' }), 'nix/hosts/www/hardware-configuration.nix');
  assert.equal(fileOf({ hardwareConfig: { generator: 'nixos-facter' } }), 'nix/hosts/web/facter.json');
  assert.equal(fileOf({ hardwareConfig: { file: 'web.nix' } }, 'github:a/b'), 'web.nix');
  assert.equal(fileOf({}, 'path:./other?dir=nix'), 'other/nix/hosts/web/hardware-configuration.nix');
  assert.equal(fileOf({}, '/srv/flake'), '../srv/flake/hosts/web/hardware-configuration.nix');
  assert.deepEqual(settings({ web: { hardwareConfig: false }, db: {} }), {});
});

test('a remote flake needs a file, and two hosts cannot have the same', () => {
  assert.throws(
    () => fileOf({}, 'github:a/b'),
    /hosts\.web\.hardwareConfig has no usable file[\s\S]*is not a local folder/,
  );
  const both = { hardwareConfig: true, configuration: 'same' };
  assert.throws(
    () => settings({ web: { ...both, address: 'a' }, db: { ...both, address: 'b' } }),
    /hosts\.web and hosts\.db would both be written/,
  );
});

test('settings without effect are refused', () => {
  assert.throws(
    () => fileOf({ hardwareConfig: { generator: 'nixos-facter', fileSystems: true } }),
    /hosts\.web\.hardwareConfig/,
  );
  assert.throws(() => fileOf({ hardwareConfig: { generater: 'x' } }), /hosts\.web\.hardwareConfig/);
});
