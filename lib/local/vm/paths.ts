import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folder with the virtual machines of a stack. */
export function virtualMachinesFolder(stack: string): string {
  const state = process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  return join(state, 'nixos-fleet', 'vm', stack);
}

/** Files of a virtual machine. */
export function vmPaths(stack: string, name: string) {
  const folder = join(virtualMachinesFolder(stack), name);
  return {
    folder,
    /** Record: inputs of its last start, and its identity. */
    record: join(folder, 'machine.json'),
    rootDisk: join(folder, 'root.qcow2'),
    disks: join(folder, 'disks'),
    /** UEFI variables. */
    variables: join(folder, 'uefi-variables.fd'),
    /** Login key, if the inputs name none. */
    identity: join(folder, 'identity'),
    /** Identity that a replaced disk gets again. */
    hostKey: join(folder, 'host-key'),
    machineId: join(folder, 'machine-id'),
    credentials: join(folder, 'credentials'),
    roots: join(folder, 'roots'),
    pid: join(folder, 'pid'),
    /** Logs of its serial console and of QEMU. */
    console: join(folder, 'console.log'),
    log: join(folder, 'qemu.log'),
    /** Exit code of the last QEMU; missing while one runs. */
    exit: join(folder, 'exit'),
    /** QEMU's working folder, with its sockets, whose absolute paths may be longer than Linux allows. */
    run: join(folder, 'run'),
  };
}

/** Sockets in a machine's `run` folder. */
export const sockets = { monitor: 'monitor', serial: 'serial' } as const;
