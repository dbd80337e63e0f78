import { access } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { readJson } from '../../base/files.ts';
import { type SetUp, setUpOnce } from '../set-up.ts';

/** Result of the set-up for virtual machines. All paths are absolute. */
const vmBase = z.object({
  tools: z.object({ 'qemu-system-x86_64': z.string(), 'qemu-img': z.string(), 'ssh-keygen': z.string() }),
  /** Additional folders with QEMU's firmware and option ROMs. */
  data: z.array(z.string()),
  /** UEFI firmware: code, and the variables that are copied for each machine. */
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
    // Programs of this computer may have been removed since.
    const files = [...Object.values(base.tools), ...Object.values(base.firmware)];
    await Promise.all(files.map((file) => access(file)));
    return base;
  },
};

/**
 * QEMU and its firmware: those of this computer, else from the cache folder, where setup/vm-base installs them. Runs once per
 * process.
 *
 * @throws FleetError `vm-failed` with the set-up's message.
 */
export const ensureVmBase = setUpOnce(vmSetUp);
