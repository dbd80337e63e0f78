import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hardwareCommand, problemOf } from '../../../../../lib/machine/hardware/read-hardware.ts';

test('each generator has its words, and file systems are asked for only where they are wanted', () => {
  const words = (
    generator: 'nixos-generate-config' | 'nixos-facter',
    fileSystems = false,
    command?: string[],
  ) => hardwareCommand({ generator, fileSystems, command }).join(' ');
  assert.equal(
    words('nixos-generate-config'),
    'nixos-generate-config --show-hardware-config --no-filesystems',
  );
  assert.equal(words('nixos-generate-config', true), 'nixos-generate-config --show-hardware-config');
  assert.equal(words('nixos-facter'), 'nixos-facter');
  assert.equal(words('nixos-facter', false, ['nix', 'run']), 'nix run');
});

test('only a module is a module, and only a report is a report', () => {
  assert.equal(problemOf('# {\n{ lib, ... }: { }\n', 'nixos-generate-config'), undefined);
  assert.match(problemOf('# { }\n', 'nixos-generate-config') ?? '', /no NixOS module/);
  assert.equal(problemOf('{ "system": "x86_64-linux", "hardware": {} }', 'nixos-facter'), undefined);
  assert.match(problemOf('{ "hardware": {} }', 'nixos-facter') ?? '', /lacks hardware or system/);
});
