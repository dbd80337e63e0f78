import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson } from '../../base/files.ts';
import { bringOnce, type SetUp } from '../set-up.ts';

/** What the set-up found on this computer or brought for virtual machines. All paths are absolute. */
const vmBase = z.object({
  tools: z.object({ 'qemu-system-x86_64': z.string(), 'qemu-img': z.string(), 'ssh-keygen': z.string() }),
  /** Folders in which QEMU finds its firmware and option ROMs, beside those it knows itself. */
  data: z.array(z.string()),
  /** UEFI firmware: its code, and the variables that each machine has a copy of. */
  firmware: z.object({ code: z.string(), variables: z.string() }),
});
export type VmBase = z.infer<typeof vmBase>;

const vmSetUp: SetUp<VmBase> = {
  script: 'vm-base',
  prefix: 'vm',
  files: ['vm-base', 'lib/unpacked.sh', 'vm-packages'],
  what: 'virtual machines',
  code: 'vm-failed',
  async read(folder) {
    const base = await readJson(join(folder, 'base.json'), vmBase);
    if (!base) return undefined;
    // What was found on this computer may be gone since.
    const files = [...Object.values(base.tools), ...Object.values(base.firmware)];
    await Promise.all(files.map((file) => access(file)));
    return base;
  },
};

/**
 * QEMU and its firmware: of this computer where it has them, else from the cache, else brought there by setup/vm-base. Done
 * once a process.
 *
 * @throws FleetError `vm-failed` with the set-up's own words.
 */
export const ensureVmBase = bringOnce(vmSetUp);
