import { z } from 'zod';
import { FleetError } from '../../lib/base/errors.ts';
import { kernelFacts } from '../../schema/facts.ts';
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
  /** The kernel of the stack that the machine runs; undefined where it is none of the stack's. */
  kernel: RecordedKernel | undefined;
}

/**
 * Where a virtual machine of the stack can be debugged, and what it runs, by the stack's state.
 * @throws FleetError `config-invalid` for a machine that is none, or has no stub
 */
export function gdbTarget(stack: ExportedStack, name: string): GdbTarget {
  const machines = resourcesOf(stack, 'nixos:index:VirtualMachine', machine).map(({ outputs }) => outputs);
  const found = machines.find((each) => each.name === name);
  if (!found) {
    throw new FleetError({
      code: 'config-invalid',
      host: name,
      what: 'the stack has no virtual machine of that name',
      why: machines.length > 0 ? `it has: ${machines.map((each) => each.name).join(', ')}` : undefined,
      fix: 'Only virtual machines can be stopped by GDB.',
    });
  }
  if (!found.gdb) {
    throw new FleetError({
      code: 'config-invalid',
      host: name,
      what: 'the virtual machine has no stub for GDB',
      fix: 'Set gdb: { port: 1234 } on it, with nokaslr among its kernelParams, and run pulumi up.',
    });
  }
  const kernels = resourcesOf(stack, 'nixos:index:Kernel', kernel).map(({ outputs }) => outputs);
  return {
    port: found.gdb.port,
    // A kernel that QEMU loads itself is told by its path.
    kernel: found.kernel
      ? kernels.find(({ outPath }) => found.kernel?.startsWith(`${outPath}/`))
      : kernels.find((each) => each.machines.includes(name)),
  };
}
