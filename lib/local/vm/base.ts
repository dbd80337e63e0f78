import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bringOnce, type SetUp } from '../set-up.ts';

/** What the set-up found on this computer or brought for virtual machines. All paths are absolute. */
export interface VmBase {
  tools: Record<'qemu-system-x86_64' | 'qemu-img' | 'ssh-keygen', string>;
  /** Folders in which QEMU finds its firmware and option ROMs, beside those it knows itself. */
  data: string[];
  /** UEFI firmware: its code, and the variables that each machine has a copy of. */
  firmware: { code: string; variables: string };
}

const vmSetUp: SetUp<VmBase> = {
  script: 'vm-base',
  prefix: 'vm',
  files: ['vm-base', 'lib/unpacked.sh', 'vm-packages'],
  what: 'virtual machines',
  code: 'vm-failed',
  async read(folder) {
    const base: VmBase = JSON.parse(await readFile(join(folder, 'base.json'), 'utf8'));
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
