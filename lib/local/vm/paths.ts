import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folder with the virtual machines of a stack. */
export function virtualMachinesFolder(stack: string): string {
  const state = process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  return join(state, 'nixos-fleet', 'vm', stack);
}

/** Everything that one virtual machine consists of. */
export function vmPaths(stack: string, name: string) {
  const folder = join(virtualMachinesFolder(stack), name);
  return {
    folder,
    /** What it is and what it was last started with. */
    record: join(folder, 'machine.json'),
    rootDisk: join(folder, 'root.qcow2'),
    disks: join(folder, 'disks'),
    /** UEFI variables. */
    variables: join(folder, 'uefi-variables.fd'),
    /** Key that logs in where the inputs name none. */
    identity: join(folder, 'identity'),
    /** What makes it the same machine if its disk is made anew. */
    hostKey: join(folder, 'host-key'),
    machineId: join(folder, 'machine-id'),
    credentials: join(folder, 'credentials'),
    roots: join(folder, 'roots'),
    pid: join(folder, 'pid'),
    /** What its serial console said, and what QEMU itself said. */
    console: join(folder, 'console.log'),
    log: join(folder, 'qemu.log'),
    /** Exit code of the last QEMU that ended; absent while one runs. */
    exit: join(folder, 'exit'),
    /** QEMU's working folder, with the sockets below: their whole paths may be longer than Linux allows. */
    run: join(folder, 'run'),
  };
}

/** Sockets in a machine's `run` folder. */
export const sockets = { monitor: 'monitor', serial: 'serial' } as const;
