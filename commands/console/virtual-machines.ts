import * as z from 'zod';
import { FleetError } from '../../lib/base/errors.ts';
import { closest } from '../../lib/base/text.ts';
import type { Machine } from '../../lib/machine/ssh/machine.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import { type Connection, connection } from '../../schema/connection.ts';
import { type ExportedStack, resourcesOf } from '../exported-stack.ts';
import { machinesOf } from '../stack-machines.ts';

/** A virtual machine as a stack's state records it. */
export interface RecordedVm {
  stack: string;
  name: string;
  /** Its ssh connection; undefined if no port is forwarded to its port 22. */
  connection: Connection | undefined;
}

const virtualMachine = z.object({
  outputs: z.object({
    stack: z.string(),
    name: z.string(),
    address: z.string(),
    port: z.int().optional(),
    user: z.string(),
    identityFile: z.string(),
    hostKey: z.string().optional(),
  }),
});

function virtualMachinesOf(stack: ExportedStack): RecordedVm[] {
  return resourcesOf(stack, 'nixos:index:VirtualMachine', virtualMachine).map(
    ({ outputs: { stack, name, ...rest } }) => ({
      stack,
      name,
      connection: rest.port === undefined ? undefined : connection.parse(rest),
    }),
  );
}

/** The machine with this name: a deployed host, else a virtual machine. */
export function machineNamed(stack: ExportedStack, name: string): Machine {
  const hosts = machinesOf(stack).map(({ host, connection }) => [host, connection] as const);
  const vms = virtualMachinesOf(stack).map((vm) => [vm.name, vm.connection] as const);
  const all = new Map([...vms, ...hosts]);
  const found = all.get(name);
  if (found) return machineAt(name, found);
  if (all.has(name)) {
    throw new FleetError({
      code: 'vm-failed',
      host: name,
      what: 'no port of this computer is forwarded to its sshd',
      fix: `Forward one to its port 22 (forwardPorts), or: npm run console -- ${name}`,
    });
  }
  throw notInStack(name, [...all.keys()]);
}

/** The virtual machine with this name. */
export function virtualMachineNamed(stack: ExportedStack, name: string): RecordedVm {
  const all = virtualMachinesOf(stack);
  const found = all.find((vm) => vm.name === name);
  if (found) return found;
  throw notInStack(
    name,
    all.map((vm) => vm.name),
    'virtual machine',
  );
}

export function notInStack(name: string, names: string[], noun = 'machine'): FleetError {
  const near = closest(name, names);
  return new FleetError({
    code: 'config-invalid',
    what: `the stack has no ${noun} '${name}'`,
    why: names.length > 0 ? `it has: ${names.join(', ')}` : `it has no ${noun}s`,
    fix: near ? `Did you mean ${near}?` : 'Name another stack with --stack, or run pulumi up first.',
  });
}
