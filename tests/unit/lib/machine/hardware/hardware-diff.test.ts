import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  hardwareDiff,
  sameHardware,
  significantLines,
} from '../../../../../lib/machine/hardware/hardware-diff.ts';

const module = (modules: string, comment = '# Do not modify this file!') => `${comment}
{ config, lib, modulesPath, ... }:

{
  boot.initrd.availableKernelModules = [ ${modules} ];  
}
`;
const report = (changes: object = {}, cpu: object = {}) =>
  JSON.stringify({
    version: 1,
    system: 'x86_64-linux',
    hardware: {
      cpu: [{ vendor_name: 'GenuineIntel', bogo: 5200, ...cpu }],
      disk: [
        {
          model: 'SSD',
          unix_device_number: { major: 8, minor: 0 },
          resources: [
            { type: 'irq', base: 16, triggered: 4711 },
            { type: 'size', unit: 'sectors', value_1: 2048 },
          ],
        },
      ],
    },
    ...changes,
  });

test('comments, empty lines and trailing blanks of a module do not count', () => {
  const dated = module('"nvme"', '# Generated on 3 May by version 26.05\n\n  # of nixos-generate-config');
  assert.ok(sameHardware(module('"nvme"'), dated, 'nixos-generate-config'));
  assert.equal(significantLines(dated, 'nixos-generate-config').length, 4);
  assert.deepEqual(hardwareDiff(module('"nvme"'), module('"ahci"'), 'nixos-generate-config'), [
    '-   boot.initrd.availableKernelModules = [ "nvme" ];',
    '+   boot.initrd.availableKernelModules = [ "ahci" ];',
  ]);
});

test('the format version and measured values of a report do not count', () => {
  const again = JSON.parse(report({ version: 2 }, { bogo: 5201 }));
  again.hardware.disk[0].unix_device_number.minor = 16;
  again.hardware.disk[0].resources[0].triggered = 1;
  assert.ok(sameHardware(report(), JSON.stringify(again, null, 4), 'nixos-facter'));
  assert.deepEqual(hardwareDiff(report(), report({}, { vendor_name: 'AuthenticAMD' }), 'nixos-facter'), [
    '-         "vendor_name": "GenuineIntel"',
    '+         "vendor_name": "AuthenticAMD"',
  ]);
  again.hardware.disk[0].resources[1].value_1 = 4096;
  assert.ok(!sameHardware(report(), JSON.stringify(again), 'nixos-facter'), 'another disk is another disk');
});

test('a report that is not JSON is compared line by line', () => {
  assert.ok(!sameHardware(report(), '{ "hardware": ', 'nixos-facter'));
  assert.ok(sameHardware('{ broken', '{ broken\n', 'nixos-facter'));
});
