import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FleetError } from '../../base/errors.ts';
import { run, runToEnd } from '../../base/process/run.ts';
import { ensureLabBase } from './base.ts';
import { machinePaths, networkPaths } from './paths.ts';

/** Identity of a machine. */
export interface MachineIdentity {
  machineId: string;
  /** Public ssh host key: type and key, no comment. */
  hostKey: string;
}

/** Creates a machine's root file system from the base, with its own identity. Removes what an interrupted run left. */
export async function makeRoot(
  { lab, name, base }: { lab: string; name: string; base: string },
  signal?: AbortSignal,
): Promise<MachineIdentity> {
  const { tools } = await ensureLabBase();
  const paths = machinePaths(lab, name);
  const draft = `${paths.root}.new`;
  await mkdir(paths.folder, { recursive: true, mode: 0o700 });
  await rm(paths.root, { recursive: true, force: true });
  await rm(draft, { recursive: true, force: true });
  await copy(base, draft, name, signal);

  const machineId = randomUUID().replaceAll('-', '');
  await writeFile(join(draft, 'etc/machine-id'), `${machineId}\n`);
  await writeFile(join(draft, 'etc/hostname'), `${name}\n`);
  const key = join(draft, 'etc/ssh/ssh_host_ed25519_key');
  await run(tools['ssh-keygen'], ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key], {
    timeoutSeconds: 60,
  });
  const hostKey = (await readFile(`${key}.pub`, 'utf8')).trim();
  const authorized = join(draft, 'root/.ssh/authorized_keys');
  await writeFile(authorized, await readFile(networkPaths(lab).publicKey));
  await chmod(authorized, 0o600);
  await rename(draft, paths.root);
  return { machineId, hostKey };
}

async function copy(base: string, root: string, host: string, signal?: AbortSignal): Promise<void> {
  const options = { timeoutSeconds: 600, signal };
  const { exitCode, stderr } = await runToEnd('cp', ['--archive', '--reflink=auto', base, root], options);
  if (exitCode === 0) return;
  throw new FleetError({
    code: 'lab-failed',
    host,
    what: 'the lab machine’s root file system could not be copied from the base',
    why: stderr,
    fix: `Free some space, or remove ${dirname(base)} to have it created again.`,
  });
}

/**
 * Writes what may change between starts of a machine: its static address for systemd-networkd, without a gateway, and the
 * Nix commands on the PATH of every ssh session.
 */
export async function prepareRoot(lab: string, name: string, address: string, prefix: number): Promise<void> {
  const { nix } = await ensureLabBase();
  const { root } = machinePaths(lab, name);
  const folder = join(root, 'etc/systemd/network');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, '10-lab.network'), networkUnit(address, prefix));
  for (const command of await readdir(nix.bin)) {
    if (!/^nix(-|$)/.test(command)) continue;
    const link = join(root, 'usr/local/bin', command);
    await rm(link, { force: true });
    await symlink(join(nix.bin, command), link);
  }
}

/** The systemd-networkd configuration of a machine, without a gateway. */
export function networkUnit(address: string, prefix: number): string {
  return `[Match]
Name=host0

[Network]
Address=${address}/${prefix}
LinkLocalAddressing=no
IPv6AcceptRA=no
LLMNR=no
ConfigureWithoutCarrier=yes
`;
}
