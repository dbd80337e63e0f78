import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VirtualMachineInputs } from '../../schema/virtual-machine.ts';
import { undefinedIfMissing } from '../lab/network.ts';
import { run } from '../process.ts';
import { ensureVmBase } from './base.ts';
import { vmPaths } from './paths.ts';

/** A key made for the machine, unless there is one: what logs in where the inputs name none. Returns its file. */
export async function ensureIdentity({ stack, name, identityFile }: VirtualMachineInputs): Promise<string> {
  if (identityFile) return identityFile;
  const { identity } = vmPaths(stack, name);
  if ((await readFile(identity).catch(undefinedIfMissing)) !== undefined) return identity;
  const { tools } = await ensureVmBase();
  const draft = `${identity}.${randomUUID()}`;
  const comment = `nixos-fleet vm ${stack}/${name}`;
  await run(tools['ssh-keygen'], ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', draft], {
    timeoutSeconds: 60,
  });
  await rename(`${draft}.pub`, `${identity}.pub`);
  await rename(draft, identity);
  return identity;
}

/**
 * Writes the machine's systemd credentials, each into a file that only its owner may read, since an argument can be read by
 * all. The key that logs in is among them, under the name that systemd gives root's keys. Returns the files.
 */
export async function writeCredentials(
  { stack, name, credentials }: VirtualMachineInputs,
  identityFile: string,
): Promise<Record<string, string>> {
  const { credentials: folder } = vmPaths(stack, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  const publicKey = await readFile(`${identityFile}.pub`, 'utf8').catch(undefinedIfMissing);
  const all = { ...(publicKey ? { 'ssh.authorized_keys.root': publicKey } : {}), ...credentials };
  const files: Record<string, string> = {};
  for (const [credential, value] of Object.entries(all)) {
    const file = join(folder, credential);
    await writeFile(file, value, { mode: 0o600 });
    files[credential] = file;
  }
  return files;
}
