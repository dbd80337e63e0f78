import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { evaluateFleet, type FleetEvaluation } from '../../lib/evaluation/evaluate-fleet.ts';
import { checkKernels } from '../../lib/kernel/check-kernels.ts';
import { type ConfiguredKernels, configureKernels } from '../../lib/kernel/configure.ts';
import type { EvaluatedKernel } from '../../schema/evaluation.ts';
import { kernelFixture } from '../fixtures/kernels/request.ts';

/** Runs the Kconfig of a real kernel in Nix's sandbox. Only Kconfig itself is compiled. */
describe('kernels that are configured without a build', () => {
  const cache = mkdtempSync(join(tmpdir(), 'nixos-fleet-kernels-'));
  let request: Awaited<ReturnType<typeof kernelFixture>>;
  let fleet: FleetEvaluation;
  let configured: ConfiguredKernels;
  const kernelOf = (name: string): EvaluatedKernel => {
    const host = fleet.hosts[name];
    assert.ok(host?.ok, host?.ok === false ? host.error.message : name);
    const kernel = configured.kernels[host.kernel ?? ''];
    assert.ok(kernel);
    return kernel;
  };

  before(async () => {
    request = await kernelFixture();
    process.env.XDG_CACHE_HOME = cache;
    const hosts = { plain: 'plain', changed: 'changed', dropped: 'dropped', 'no-efi': 'no-efi' };
    fleet = await evaluateFleet({ ...request, hosts });
    configured = await configureKernels(fleet.kernels);
  });
  after(() => rmSync(cache, { recursive: true }));

  test('have the whole configuration, with the symbols that a changed one selects', () => {
    const [plain, changed] = [kernelOf('plain'), kernelOf('changed')];
    assert.deepEqual(
      { ...changed.config, BTRFS_FS: undefined },
      { ...plain.config, BTRFS_FS: undefined },
      'one symbol is requested',
    );
    assert.ok(Object.keys(plain.configured ?? {}).length > 300);
    assert.equal(plain.configured?.RAID6_PQ, undefined);
    assert.equal(changed.configured?.BTRFS_FS, 'm');
    assert.equal(changed.configured?.RAID6_PQ, 'm');
    assert.equal(changed.configured?.EXT4_FS, 'y');
  });

  test('warn of symbols that Kconfig dropped or changed, with the reason', () => {
    assert.equal(configured.warnings.length, 1);
    const { version } = kernelOf('dropped');
    assert.deepEqual(configured.warnings[0]?.split('\n  '), [
      `kernel ${version}: Kconfig did not set these symbols as requested:`,
      'CRC32: requested n, got y: it is selected by ACPI, EFI_PARTITION, JBD2, CRYPTO_CRC32C',
      'MD_RAID1: requested y, got n: it depends on MD (n) and BLK_DEV_MD (n)',
      'NO_SUCH_SYMBOL: requested y, got n: this version of the kernel has no such symbol',
    ]);
  });

  test('the minimal kernel of the operator’s flake gets every symbol that its version has', async () => {
    const minimal = await evaluateFleet({ ...request, hosts: { minimal: 'minimal-vm' } });
    const { warnings } = await configureKernels(minimal.kernels);
    // A symbol of later kernels.
    assert.deepEqual(
      warnings.flatMap((warning) => warning.split('\n  ').slice(1)),
      ['MODULE_COMPRESS: requested y, got n: this version of the kernel has no such symbol'],
    );
  });

  test('are checked by their resulting configuration', () => {
    const { plain, 'no-efi': lacking } = checkKernels(
      { ...fleet, kernels: configured.kernels },
      () => false,
    ).hosts;
    assert.ok(plain?.ok, plain?.ok === false ? plain.error.message : '');
    // Neither requested nor set by Kconfig.
    assert.ok(lacking && !lacking.ok);
    assert.match(lacking.error.why ?? '', /CONFIG_EFI_STUB=y, for systemd-boot/);
  });
});
