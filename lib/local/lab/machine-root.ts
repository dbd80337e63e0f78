import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FleetError } from '../../base/errors.ts';
import { run, runToEnd } from '../../base/process/run.ts';
import { copyClosure } from '../../store/nix/copy.ts';
import { ensureLabBase } from './base.ts';
import { machinePaths, networkPaths } from './paths.ts';

/** Identity of a machine. */
export interface MachineIdentity {
  machineId: string;
  /** Public ssh host key: type and key, no comment. */
  hostKey: string;
}

/** A NixOS system of a container, as evaluated. */
export interface NixosSystem {
  drvPath: string;
  outPath: string;
}

/**
 * Creates a machine's root file system with its own identity: an installation of the NixOS system, else a copy of the base.
 * Removes what an interrupted run left.
 */
export async function makeRoot(
  { lab, name, base, system }: { lab: string; name: string; base: string; system?: NixosSystem | undefined },
  signal?: AbortSignal,
): Promise<MachineIdentity> {
  const { tools } = await ensureLabBase();
  const paths = machinePaths(lab, name);
  const draft = `${paths.root}.new`;
  await mkdir(paths.folder, { recursive: true, mode: 0o700 });
  await rm(paths.root, { recursive: true, force: true });
  await rm(draft, { recursive: true, force: true });
  if (system) await install(system, draft, name, signal);
  else await copy(base, draft, name, signal);

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

/** Installs a NixOS system as the first generation, as nixos-install does. The system itself makes the rest when it boots. */
async function install(
  { outPath }: NixosSystem,
  root: string,
  host: string,
  signal?: AbortSignal,
): Promise<void> {
  const folders = ['etc/ssh', 'root/.ssh', 'sbin', 'usr', 'var', 'run', 'proc', 'sys', 'dev', 'tmp'];
  const [profiles, roots] = ['nix/var/nix/profiles', 'nix/var/nix/gcroots'];
  for (const folder of [...folders, profiles, roots]) await mkdir(join(root, folder), { recursive: true });
  for (const folder of ['root', 'root/.ssh']) await chmod(join(root, folder), 0o700);
  await chmod(join(root, 'tmp'), 0o1777);
  await writeFile(join(root, 'etc/os-release'), '');
  // Nix would link the folder on this computer.
  await symlink('/nix/var/nix/profiles', join(root, roots, 'profiles'));
  await copyClosure({
    paths: [outPath],
    target: `local?root=${encodeURIComponent(root)}`,
    host,
    // A copy that a power cut damages is made again.
    options: { 'fsync-metadata': 'false' },
    signal,
  });
  await symlink(outPath, join(root, profiles, 'system-1-link'));
  await symlink('system-1-link', join(root, profiles, 'system'));
  await symlink('/nix/var/nix/profiles/system/init', join(root, 'sbin/lab-init'));
}

/**
 * Writes what may change between starts of a machine: its static address for systemd-networkd, without a gateway. On a copy of
 * the base also the Nix commands on the PATH of every ssh session; NixOS has its own.
 */
export async function prepareRoot(
  {
    lab,
    name,
    address,
    system,
  }: { lab: string; name: string; address: string; system?: NixosSystem | undefined },
  prefix: number,
): Promise<void> {
  const { nix } = await ensureLabBase();
  const { root } = machinePaths(lab, name);
  const folder = join(root, 'etc/systemd/network');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, '10-lab.network'), networkUnit(address, prefix));
  if (system) return;
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
