import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson } from '../../base/files.ts';
import { bringOnce, findBrought, type SetUp } from '../set-up.ts';

/** What the set-up brought for the lab. All paths are absolute. */
const labRecord = z.object({
  /** Root file system that every machine's own is copied from. */
  base: z.string(),
  /** Folder with the package index of the lab's systems. */
  packages: z.string(),
  /** Nix for the machines: `bin` holds the commands; `shared` is bound into them at the same path, if it is not empty. */
  nix: z.object({ bin: z.string(), shared: z.string() }),
  /** Programs by name: of this computer where it has them, else of the cache. */
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
    // A store that was emptied since makes the package index worthless.
    await access((await readFile(join(folder, 'packages', 'probe'), 'utf8')).trim());
    await access(record.nix.bin);
    const { base, nix, tools, packages } = record;
    return { base, nix, tools, overrideInputs: { debian: `path:${packages}` } };
  },
};

/**
 * The lab's base, from the cache where it is there (a few small reads), else made by setup/lab-base, which takes about half a
 * minute and shows its progress through `onProgress` (default: standard error). Done once a process.
 *
 * @throws FleetError `lab-failed` with the set-up's own words: no root, no Nix, no Debian archive.
 */
export const ensureLabBase = bringOnce(labSetUp);

/** The programs that look after what is there: as the lab's base has them, else by their names on PATH. Sets nothing up. */
export async function labTools(): Promise<LabBase['tools']> {
  const cached = await findBrought(labSetUp);
  return cached?.tools ?? { 'systemd-nspawn': 'systemd-nspawn', ip: 'ip', 'ssh-keygen': 'ssh-keygen' };
}
