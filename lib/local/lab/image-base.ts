import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type SetUp, setUpOnce } from '../set-up.ts';

/** Result of the set-up for the lab's bootable systems. */
export interface LabImageBase {
  /** Inputs for `nix --override-input NAME URL` whenever such a system of the lab's flake is evaluated. */
  overrideInputs: Record<string, string>;
}

const imageSetUp: SetUp<LabImageBase> = {
  script: 'lab-image',
  prefix: 'image',
  files: [
    'lab-image',
    'debs',
    'lab/base-packages',
    'lab/image-base-packages',
    'lab/image-packages',
    'lab/init',
    'lab/make-base',
    'lab/make-image-base',
    'lab/make-index',
  ],
  what: 'the lab’s bootable systems',
  code: 'lab-failed',
  async read(folder) {
    const packages = join(folder, 'packages');
    await access(join(packages, 'base.json'));
    // The index is useless if the store was emptied since.
    const probes = (await readFile(join(packages, 'probe'), 'utf8')).trim().split('\n');
    await Promise.all(probes.map((path) => access(path)));
    return { overrideInputs: { 'image-debian': `path:${packages}` } };
  },
};

/**
 * Kernels, boot loader and root file system of the lab's bootable systems: from the cache folder, else set up by
 * setup/lab-image, which takes about a minute. Runs once per process; needs the lab's base too.
 *
 * @throws FleetError `lab-failed` with the set-up's message.
 */
export const ensureLabImageBase = setUpOnce(imageSetUp);
