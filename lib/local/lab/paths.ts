import { homedir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../base/hash.ts';

/** Folder of a lab: its key, host names, and machines with their root file systems. */
function labFolder(lab: string): string {
  const state = process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  return join(state, 'nixos-fleet', 'lab', lab);
}

export function networkPaths(lab: string) {
  const folder = labFolder(lab);
  return {
    folder,
    record: join(folder, 'network.json'),
    identity: join(folder, 'identity'),
    publicKey: join(folder, 'identity.pub'),
    hosts: join(folder, 'hosts'),
  };
}

export function labMachinesFolder(lab: string): string {
  return join(labFolder(lab), 'machines');
}

export function machinePaths(lab: string, name: string) {
  const folder = join(labMachinesFolder(lab), name);
  return {
    folder,
    root: join(folder, 'root'),
    /** Written last: a machine without it is incomplete. */
    record: join(folder, 'machine.json'),
    pid: join(folder, 'pid'),
    console: join(folder, 'console.log'),
  };
}

/**
 * A machine's name for nspawn and systemd, at most 64 characters. Unique on this computer, because a machine's own name has no
 * dot.
 */
export function machineTitle(lab: string, name: string): string {
  const title = `${lab}.${name}`;
  return title.length <= 64 ? title : `${title.slice(0, 51)}-${shortHash(title, 12)}`;
}

/** Linux allows 15 characters for an interface: a name that does not fit is cut and gets a hash. */
export function bridgeName(lab: string): string {
  return /^[A-Za-z0-9_-]{1,12}$/.test(lab)
    ? `nf-${lab}`
    : `nf-${lab.replaceAll(/[^A-Za-z0-9_-]/g, '').slice(0, 6)}-${shortHash(lab, 5)}`;
}

function shortHash(text: string, length: number): string {
  return sha256(text).slice(0, length);
}
