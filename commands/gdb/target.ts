import * as z from 'zod';
import { FleetError } from '../../lib/base/errors.ts';
import { kernelFacts } from '../../schema/facts.ts';
import { notInStack } from '../console/virtual-machines.ts';
import { type ExportedStack, resourcesOf } from '../exported-stack.ts';

const machine = z.object({
  outputs: z.object({
    name: z.string(),
    kernel: z.string().optional(),
    gdb: z.object({ port: z.int() }).optional(),
  }),
});
const kernel = z.object({
  outputs: kernelFacts
    .pick({ version: true, modDirVersion: true, drvPath: true, outPath: true, dev: true })
    .extend({ machines: z.array(z.string()).default([]) }),
});

type RecordedKernel = z.infer<typeof kernel>['outputs'];

export interface GdbTarget {
  /** Where the stub listens on this computer. */
  port: number;
  /** The stack's kernel that the machine runs; undefined for a kernel that does not belong to the stack. */
  kernel: RecordedKernel | undefined;
}

/**
 * Port and kernel of a virtual machine for GDB, from the stack's state.
 * @throws FleetError `config-invalid` for a name that is not a virtual machine, or one without a GDB stub
 */
export function gdbTarget(stack: ExportedStack, name: string): GdbTarget {
  const machines = resourcesOf(stack, 'nixos:index:VirtualMachine', machine).map(({ outputs }) => outputs);
  const found = machines.find((each) => each.name === name);
  if (!found) {
    const names = machines.map((each) => each.name);
    throw notInStack(name, names, 'virtual machine');
  }
  if (!found.gdb) {
    throw new FleetError({
      code: 'config-invalid',
      host: name,
      what: 'the virtual machine has no GDB stub',
      fix: 'Set gdb: { port: 1234 } on it, with nokaslr among its kernelParams, and run pulumi up.',
    });
  }
  const kernels = resourcesOf(stack, 'nixos:index:Kernel', kernel).map(({ outputs }) => outputs);
  return {
    port: found.gdb.port,
    // A kernel that QEMU loads is found by its path.
    kernel: found.kernel
      ? kernels.find(({ outPath }) => found.kernel?.startsWith(`${outPath}/`))
      : kernels.find((each) => each.machines.includes(name)),
  };
}
