import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetEvaluation } from '../../../../lib/evaluation/types.ts';
import { checkKernels } from '../../../../lib/kernel/check-kernels.ts';
import { someFacts, someKernel } from '../../../fixtures/facts.ts';

const kernel = { ...someKernel({ CGROUPS: 'n' }), knownReleases: { '6.18': '6.18.40' } };
const fleet: FleetEvaluation = {
  revision: '',
  fingerprint: 'f',
  fromCache: false,
  inputs: {},
  images: {},
  kernels: { [kernel.drvPath]: kernel },
  hosts: {
    web: {
      ok: true,
      drvPath: '/nix/store/web.drv',
      outPath: '/nix/store/web',
      facts: someFacts(),
      kernel: kernel.drvPath,
      kernelNeeds: {
        required: { CGROUPS: 'ym' },
        judgedByFlake: false,
        allowMissingModules: false,
        efiBootStub: null,
      },
      warnings: ['of its own'],
      revision: '',
    },
  },
};

test('a machine that could not boot fails, with its name and each symbol', () => {
  const { web } = checkKernels(fleet, () => false).hosts;
  assert.ok(web && !web.ok);
  assert.equal(web.error.code, 'kernel-unbootable');
  assert.equal(web.error.host, 'web');
  assert.equal(web.error.why, 'CONFIG_CGROUPS=y (it is n)');
  assert.match(web.error.fix ?? '', /allowUnbootableKernel/);
});

test('an allowed unbootable kernel is a warning beside the others, and so is its age', () => {
  const { web } = checkKernels(fleet, (name) => name === 'web').hosts;
  assert.ok(web?.ok);
  assert.deepEqual(web.warnings, [
    'of its own',
    'the machine may not boot with the kernel 6.18.37:\n  CONFIG_CGROUPS=y (it is n)',
    'the kernel 6.18.37 is outdated: the flake’s nixpkgs has 6.18.40.',
  ]);
});
