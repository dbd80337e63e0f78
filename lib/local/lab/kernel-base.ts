import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type SetUp, setUpOnce } from '../set-up.ts';

/** Result of the set-up for the lab's kernels that are built from source. */
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
    // The index is useless if the store was emptied since.
    await access((await readFile(join(packages, 'probe'), 'utf8')).trim());
    return { overrideInputs: { 'kernel-debian': `path:${packages}` } };
  },
};

/**
 * Debian's kernel source and compiler: from the cache folder, else set up by setup/lab-kernel, which takes about half a
 * minute and 216 MB. Runs once per process.
 *
 * @throws FleetError `lab-failed` with the set-up's message.
 */
export const ensureLabKernelBase = setUpOnce(kernelSetUp);
