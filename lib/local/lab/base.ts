import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { readJson } from '../../base/files.ts';
import { findSetUp, type SetUp, setUpOnce } from '../set-up.ts';

/** Result of the lab's set-up. All paths are absolute. */
const labRecord = z.object({
  /** Root file system that each machine's root is copied from. */
  base: z.string(),
  /** Folder with the package index of the lab's systems. */
  packages: z.string(),
  /** Nix for the machines: `bin` has the commands; `shared`, if not empty, is bind-mounted into them at the same path. */
  nix: z.object({ bin: z.string(), shared: z.string() }),
  /** Programs by name: those of this computer, else those in the cache folder. */
  tools: z.object({ 'systemd-nspawn': z.string(), ip: z.string(), 'ssh-keygen': z.string() }),
});

export interface LabBase extends Omit<z.infer<typeof labRecord>, 'packages'> {
  /** Inputs for `nix --override-input NAME URL` whenever the lab's flake is evaluated. */
  overrideInputs: Record<string, string>;
}

const labSetUp: SetUp<LabBase> = {
  script: 'lab-base',
  prefix: 'lab',
  files: [
    'lab-base',
    'lab/base-packages',
    'lab/init',
    'lab/make-base',
    'lab/make-index',
    'lab/system-packages',
    'lab/tool-packages',
    'lib/unpacked.sh',
  ],
  what: 'the lab',
  code: 'lab-failed',
  async read(folder) {
    const record = await readJson(join(folder, 'base.json'), labRecord);
    if (!record) return undefined;
    // The package index is useless if the store was emptied since.
    await access((await readFile(join(folder, 'packages', 'probe'), 'utf8')).trim());
    await access(record.nix.bin);
    const { base, nix, tools, packages } = record;
    return { base, nix, tools, overrideInputs: { debian: `path:${packages}` } };
  },
};

/**
 * The lab's base: from the cache folder, else set up by setup/lab-base, which takes about half a minute and reports progress
 * to `onProgress` (default: standard error). Runs once per process.
 *
 * @throws FleetError `lab-failed` with the set-up's message: no root, no Nix, no Debian archive.
 */
export const ensureLabBase = setUpOnce(labSetUp);

/** Programs for existing labs: those of the lab's base, else by name from PATH. Does not run the set-up. */
export async function labTools(): Promise<LabBase['tools']> {
  const cached = await findSetUp(labSetUp);
  return cached?.tools ?? { 'systemd-nspawn': 'systemd-nspawn', ip: 'ip', 'ssh-keygen': 'ssh-keygen' };
}
