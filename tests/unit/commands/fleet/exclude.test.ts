import assert from 'node:assert/strict';
import { test } from 'node:test';
import { excludeOptions } from '../../../../commands/fleet/exclude.ts';
import { hostSettings } from '../../../../program/config/hosts.ts';
import { stackConfig } from '../../../../schema/config.ts';

const forwardPorts = { ssh: { host: 24022, guest: 22 } };
const config = stackConfig.parse({
  hosts: { web: {}, db: {}, vm: { virtualMachine: true } },
  images: { vm: {}, disk: {}, spare: {} },
  virtualMachines: { vm: { image: 'vm', forwardPorts }, other: { image: '/var/vm.raw', forwardPorts } },
  diskInstalls: { db: { image: 'disk', disk: '/dev/sda', serial: 'one' } },
});
const excluded = (...selected: string[]) => {
  const options = excludeOptions(config, hostSettings(config), selected);
  assert.ok(selected.length === 3 || options.at(-1) === '--exclude-dependents');
  return options.filter((option) => option.startsWith('**')).map((option) => option.slice(2));
};

test('all that belongs to other hosts is left alone', () => {
  assert.deepEqual(excluded('web'), [
    ...['db', 'vm'].flatMap((name) => [
      `nixos-fleet:index:Host::${name}`,
      `nixos:index:LabMachine::${name}`,
      `nixos:index:HardwareConfig::${name}`,
    ]),
    'nixos-fleet:index:VirtualMachines::*',
    'nixos:index:VirtualMachine::vm',
    'nixos:index:VirtualMachine::other',
    'nixos-fleet:index:DiskInstalls::*',
    'nixos:index:DiskInstall::db',
    'nixos:index:System::db-ram',
    'nixos-fleet:index:Images::*',
    'nixos:index:Image::vm',
    'nixos:index:Image::disk',
    'nixos:index:Image::spare',
  ]);
});

test('the virtual machine, disk install and images of a selected host are not', () => {
  const lines = excluded('vm', 'db').filter((line) => !line.includes('Host') && !line.includes('web'));
  assert.deepEqual(lines, ['nixos:index:VirtualMachine::other', 'nixos:index:Image::spare']);
});
