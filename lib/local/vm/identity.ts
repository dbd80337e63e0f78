import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { VirtualMachineInputs } from '../../../schema/virtual-machine.ts';
import { readIfThere, writeAtomically } from '../../base/files.ts';
import { run } from '../../base/process/run.ts';
import { withTemporaryFolder } from '../../base/temporary-folder.ts';
import { ensureVmBase } from './base.ts';
import { vmPaths } from './paths.ts';

/** The private key file to log in with: `identityFile`, or a key generated once for the machine. */
export async function ensureIdentity({ stack, name, identityFile }: VirtualMachineInputs): Promise<string> {
  if (identityFile) return identityFile;
  const { identity } = vmPaths(stack, name);
  await ensureKey(identity, `nixos-fleet vm ${stack}/${name}`);
  return identity;
}

async function ensureKey(file: string, comment: string): Promise<void> {
  if ((await readIfThere(file)) !== undefined) return;
  const { tools } = await ensureVmBase();
  const make = async (folder: string) => {
    const draft = join(folder, 'key');
    const args = ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', draft];
    await run(tools['ssh-keygen'], args, { timeoutSeconds: 60 });
    await rename(`${draft}.pub`, `${file}.pub`);
    await rename(draft, file);
  };
  await withTemporaryFolder(make, { parent: dirname(file) });
}

/** The machine-id, generated once for the machine. */
async function ensureMachineId(file: string): Promise<string> {
  const before = await readIfThere(file);
  if (before) return before;
  const machineId = randomUUID().replaceAll('-', '');
  await writeAtomically(file, machineId);
  return machineId;
}

/**
 * Writes the machine's systemd credentials into files that only their owner may read, since arguments are visible to all.
 * They include the login key, as systemd's credential for root's authorized keys, and a host key and machine-id, which a
 * machine that supports them uses on its first start. Returns the files.
 */
export async function writeCredentials(
  { stack, name, credentials }: VirtualMachineInputs,
  identityFile: string,
): Promise<Record<string, string>> {
  const { credentials: folder, hostKey, machineId } = vmPaths(stack, name);
  await ensureKey(hostKey, '');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  const publicKey = await readIfThere(`${identityFile}.pub`);
  const all = {
    ...(publicKey ? { 'ssh.authorized_keys.root': publicKey } : {}),
    'nixos-fleet.ssh-host-key': await readFile(hostKey, 'utf8'),
    'system.machine_id': await ensureMachineId(machineId),
    ...credentials,
  };
  const files: Record<string, string> = {};
  for (const [credential, value] of Object.entries(all)) {
    const file = join(folder, credential);
    await writeFile(file, value, { mode: 0o600 });
    files[credential] = file;
  }
  return files;
}
