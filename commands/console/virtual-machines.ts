import { z } from 'zod';
import { FleetError } from '../../lib/base/errors.ts';
import { closest } from '../../lib/base/text.ts';
import type { Machine } from '../../lib/machine/ssh/machine.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import { type Connection, connection } from '../../schema/connection.ts';
import { machinesOf } from '../status/stack-machines.ts';

/** A virtual machine as a stack's state records it. */
export interface RecordedVm {
  stack: string;
  name: string;
  /** How it is reached, where a port leads to its sshd. */
  connection: Connection | undefined;
}

const exported = z.object({
  deployment: z.object({
    resources: z
      .array(z.object({ type: z.string(), delete: z.boolean().optional(), outputs: z.unknown().optional() }))
      .default([]),
  }),
});
const outputs = z.object({
  stack: z.string(),
  name: z.string(),
  address: z.string(),
  port: z.int().optional(),
  user: z.string(),
  identityFile: z.string(),
  hostKey: z.string().optional(),
});

/** The virtual machines in what `pulumi stack export` prints. */
function virtualMachinesOf(exportedJson: string): RecordedVm[] {
  return exported
    .parse(JSON.parse(exportedJson))
    .deployment.resources.filter(
      (resource) => resource.type === 'nixos:index:VirtualMachine' && !resource.delete,
    )
    .flatMap((resource) => {
      const found = outputs.safeParse(resource.outputs).data;
      if (!found) return [];
      const { stack, name, ...rest } = found;
      return [{ stack, name, connection: rest.port === undefined ? undefined : connection.parse(rest) }];
    });
}

/** The machine of that name in the stack: a deployed host, else a virtual machine. */
export function machineNamed(exportedJson: string, name: string): Machine {
  const hosts = machinesOf(exportedJson).map(({ host, connection }) => [host, connection] as const);
  const vms = virtualMachinesOf(exportedJson).map((vm) => [vm.name, vm.connection] as const);
  const all = new Map([...vms, ...hosts]);
  const found = all.get(name);
  if (found) return machineAt(name, found);
  if (all.has(name)) {
    throw new FleetError({
      code: 'vm-failed',
      host: name,
      what: 'no port of this computer leads to its sshd',
      fix: `Forward one to its port 22 (forwardPorts), or: npm run console -- ${name}`,
    });
  }
  throw notInStack(name, [...all.keys()]);
}

/** The virtual machine of that name. */
export function virtualMachineNamed(exportedJson: string, name: string): RecordedVm {
  const all = virtualMachinesOf(exportedJson);
  const found = all.find((vm) => vm.name === name);
  if (found) return found;
  throw notInStack(
    name,
    all.map((vm) => vm.name),
    'virtual machine',
  );
}

function notInStack(name: string, names: string[], noun = 'machine'): FleetError {
  const near = closest(name, names);
  return new FleetError({
    code: 'config-invalid',
    what: `the stack records no ${noun} '${name}'`,
    why: names.length > 0 ? `it has: ${names.join(', ')}` : `it has no ${noun}`,
    fix: near ? `Did you mean ${near}?` : 'Name another stack with --stack, or run pulumi up first.',
  });
}
