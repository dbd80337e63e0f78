import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bringOnce, type SetUp } from '../set-up.ts';

/** What the set-up brought for the lab's systems that boot by themselves. */
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
    // A store that was emptied since makes the index worthless.
    const probes = (await readFile(join(packages, 'probe'), 'utf8')).trim().split('\n');
    await Promise.all(probes.map((path) => access(path)));
    return { overrideInputs: { 'image-debian': `path:${packages}` } };
  },
};

/**
 * Kernels, boot loader and root file system of the lab's bootable systems: from the cache where they are there, else brought by
 * setup/lab-image, which takes about a minute. Done once a process; needs the lab's base beside it.
 *
 * @throws FleetError `lab-failed` with the set-up's own words.
 */
export const ensureLabImageBase = bringOnce(imageSetUp);
