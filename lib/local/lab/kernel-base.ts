import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bringOnce, type SetUp } from '../set-up.ts';

/** What the set-up brought for the lab's kernels that are built from source. */
export interface LabKernelBase {
  /** Inputs for `nix --override-input NAME URL` whenever such a kernel of the lab's flake is evaluated. */
  overrideInputs: Record<string, string>;
}

const kernelSetUp: SetUp<LabKernelBase> = {
  script: 'lab-kernel',
  prefix: 'kernel',
  files: ['lab-kernel', 'lab/kernel-packages', 'lab/make-index'],
  what: 'the lab’s kernels',
  code: 'lab-failed',
  async read(folder) {
    const packages = join(folder, 'packages');
    await access(join(packages, 'index.json'));
    // A store that was emptied since makes the index worthless.
    await access((await readFile(join(packages, 'probe'), 'utf8')).trim());
    return { overrideInputs: { 'kernel-debian': `path:${packages}` } };
  },
};

/**
 * Debian's kernel source and compiler: from the cache where they are there, else brought by setup/lab-kernel, which takes about
 * half a minute and 216 MB. Done once a process.
 *
 * @throws FleetError `lab-failed` with the set-up's own words.
 */
export const ensureLabKernelBase = bringOnce(kernelSetUp);
