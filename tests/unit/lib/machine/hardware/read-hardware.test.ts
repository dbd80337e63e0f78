import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hardwareCommand, outputProblem } from '../../../../../lib/machine/hardware/read-hardware.ts';

test('each generator has its command, and file systems are included only if requested', () => {
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

test('output that is not a module or a report is recognised', () => {
  assert.equal(outputProblem('# {\n{ lib, ... }: { }\n', 'nixos-generate-config'), undefined);
  assert.match(outputProblem('# { }\n', 'nixos-generate-config') ?? '', /not a NixOS module/);
  assert.equal(outputProblem('{ "system": "x86_64-linux", "hardware": {} }', 'nixos-facter'), undefined);
  assert.match(outputProblem('{ "hardware": {} }', 'nixos-facter') ?? '', /hardware or system is missing/);
});
