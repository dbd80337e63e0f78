import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingModules } from '../../../../lib/kernel/initrd-modules.ts';
import { judgeKernel } from '../../../../lib/kernel/judge.ts';
import { missingSymbols } from '../../../../lib/kernel/required-config.ts';
import type { KnownKernel } from '../../../../lib/kernel/symbols.ts';
import type { KernelNeeds } from '../../../../schema/evaluation.ts';
import { someFacts } from '../../../fixtures/facts.ts';

const nixosKernel = (config: Record<string, string>): KnownKernel => ({
  version: '6.12.5',
  config,
  configOrigin: 'asked',
});
const needs = (changes: Partial<KernelNeeds> = {}): KernelNeeds => ({
  required: {},
  judgedByFlake: false,
  allowMissingModules: false,
  efiBootStub: null,
  ...changes,
});
const initrd = (...modules: string[]) =>
  someFacts({
    kernel: {
      ...someFacts().kernel,
      initrdModules: Object.fromEntries(modules.map((name) => [name, false])),
    },
  });

test('a symbol that NixOS’s configuration does not name counts as set; one that is off is missing', () => {
  const required = { BINFMT_ELF: 'y', CGROUPS: 'ym', DMIID: 'ym' };
  assert.deepEqual(missingSymbols(required, nixosKernel({ DMIID: 'n', CGROUPS: 'y' })), [
    { symbol: 'DMIID', line: 'CONFIG_DMIID=y', actual: 'n', neededToBoot: false },
  ]);
});

test('a symbol that is not named is missing in a file of a few lines, and off in a whole .config', () => {
  const required = { CGROUPS: 'ym', AUTOFS_FS: 'ym', KVM: 'm' };
  const file = { ...nixosKernel({ AUTOFS_FS: 'm', KVM: 'y' }), configOrigin: 'fragment' as const };
  assert.deepEqual(
    missingSymbols(required, file).map(({ line, actual }) => [line, actual]),
    [
      ['CONFIG_CGROUPS=y', undefined],
      ['CONFIG_KVM=m', 'y'],
    ],
  );
  const whole = missingSymbols(required, { ...file, configOrigin: 'whole' });
  assert.deepEqual(whole[0], {
    symbol: 'CGROUPS',
    line: 'CONFIG_CGROUPS=y',
    actual: 'n',
    neededToBoot: true,
  });
});

test('only a symbol that every boot needs is an error', () => {
  const file = { ...nixosKernel({ CGROUPS: 'n', DMIID: 'n' }), configOrigin: 'fragment' as const };
  const required = { CGROUPS: 'ym', DMIID: 'ym', EPOLL: 'ym' };
  const { unbootable, warnings } = judgeKernel(needs({ required }), someFacts(), file);
  assert.deepEqual(unbootable, ['CONFIG_CGROUPS=y (it is n)']);
  assert.match(
    warnings[0] ?? '',
    /\n {2}CONFIG_DMIID=y \(it is n\)\n {2}CONFIG_EPOLL=y\n.*Kconfig’s default/,
  );
});

test('symbols that the flake asserts itself are checked only after a run of Kconfig', () => {
  const flake = needs({ required: { CGROUPS: 'ym' }, judgedByFlake: true });
  const kernel = nixosKernel({ CGROUPS: 'n' });
  assert.deepEqual(judgeKernel(flake, someFacts(), kernel), { unbootable: [], warnings: [] });
  const configured = { ...kernel, configured: { EXT4_FS: 'y', EFI_STUB: 'y' } };
  assert.deepEqual(judgeKernel(flake, someFacts(), configured).unbootable, ['CONFIG_CGROUPS=y (it is n)']);
});

test('the kernel must have the root file system, and the EFI stub under systemd-boot', () => {
  const kernel = nixosKernel({ EXT4_FS: 'n', EFI_STUB: 'n' });
  assert.deepEqual(judgeKernel(needs({ efiBootStub: true }), someFacts(), kernel).unbootable, [
    'CONFIG_EXT4_FS=y, for the root file system (it is n)',
    'CONFIG_EFI_STUB=y, for systemd-boot (it is n, though its package has features.efiBootStub = true)',
  ]);
  const grub = someFacts({ bootLoader: 'grub', fileSystems: { '/': 'xfs /dev/vda' } });
  assert.deepEqual(judgeKernel(needs(), grub, kernel), { unbootable: [], warnings: [] });
  // NixOS requires the stub for systemd-boot, too: it is named once.
  const required = { EFI_STUB: 'y' };
  assert.equal(
    judgeKernel(needs({ required }), someFacts(), nixosKernel({ EFI_STUB: 'n' })).unbootable.length,
    1,
  );
});

test('initrd modules that the kernel does not build are listed with their symbols', () => {
  const kernel = nixosKernel({ SATA_AHCI: 'n', TCG_TIS: 'n', VIRTIO_BLK: 'y', BLK_DEV_NVME: 'm' });
  assert.deepEqual(missingModules(['tpm-tis', 'ahci', 'virtio_blk', 'nvme', 'unknown'], kernel), [
    { module: 'ahci', symbol: 'SATA_AHCI' },
    { module: 'tpm_tis', symbol: 'TCG_TIS' },
  ]);
  const [warning = ''] = judgeKernel(needs(), initrd('ahci', 'nvme'), kernel).warnings;
  assert.match(
    warning,
    /modprobe: FATAL: Module … not found.*modules:\n {2}ahci \(CONFIG_SATA_AHCI is n\)\n/,
  );
  assert.match(warning, /absentModules = \[ "ahci" \]/);
  const allowed = needs({ allowMissingModules: true });
  assert.deepEqual(judgeKernel(allowed, initrd('ahci'), kernel).warnings, []);
});

test('a kernel without modules has only what is built in', () => {
  const kernel = nixosKernel({ MODULES: 'n', VIRTIO_BLK: 'y' });
  assert.deepEqual(missingModules(['virtio_blk', 'ahci'], kernel), [{ module: 'ahci', symbol: 'SATA_AHCI' }]);
  const [warning = ''] = judgeKernel(needs(), initrd('virtio_blk', 'ahci'), kernel).warnings;
  assert.match(warning, /no modules at all .*\. Build in .*boot\.initrd\.allowMissingModules = true/);
});

test('boot.kernelModules are checked, too', () => {
  const facts = someFacts({
    kernel: { ...someFacts().kernel, modules: { btrfs: true, loop: true, 'zfs 2.4': true } },
  });
  const kernel = nixosKernel({ BTRFS_FS: 'n', BLK_DEV_LOOP: 'n' });
  assert.deepEqual(judgeKernel(needs(), facts, kernel).warnings, [
    'boot.kernelModules lists modules that the kernel does not have:\n  btrfs (CONFIG_BTRFS_FS is n)',
  ]);
});
