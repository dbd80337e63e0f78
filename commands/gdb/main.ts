/**
 * Opens GDB on the kernel of a virtual machine of the selected stack, with its symbols, its sources and its own scripts.
 * Usage: node commands/gdb/main.ts NAME [--stack STACK] [--vmlinux FILE] [-- GDB’S ARGUMENTS…]
 * --vmlinux names the kernel with its symbols, where it was built outside Nix.
 */

import { FleetError } from '../../lib/base/errors.ts';
import { runAttached } from '../../lib/base/process/run.ts';
import { realiseOutput } from '../../lib/store/nix/realise.ts';
import { runMachineCommand } from '../command.ts';
import { type DebugKernel, gdbArguments } from './arguments.ts';
import { ensureGdb } from './base.ts';
import { filesOfBuild, filesOfDev } from './kernel-files.ts';
import { type GdbTarget, gdbTarget } from './target.ts';

const usage = 'usage: nixos-fleet gdb NAME [--stack STACK] [--vmlinux FILE] [-- GDB’S ARGUMENTS…]';

await runMachineCommand(
  {
    usage,
    summary: 'Opens GDB on the kernel of a virtual machine, with symbols, sources and scripts.',
    examples: ['gdb vm', "gdb vm -- -ex 'hbreak start_kernel' -ex continue"],
    options: {
      vmlinux: {
        type: 'string',
        value: 'FILE',
        describe: 'the kernel with its symbols, if built outside Nix',
      },
    },
  },
  async (stack, name, rest, { vmlinux }) => {
    const target = gdbTarget(stack, name);
    const files = vmlinux === undefined ? await filesOf(name, target) : filesOfBuild(vmlinux);
    if (!files.scripts) {
      process.stderr.write(`no lx- commands: the kernel of ${name} has no scripts (CONFIG_GDB_SCRIPTS)\n`);
    }
    return await runAttached(await ensureGdb(), gdbArguments(files, target.port, rest));
  },
);

async function filesOf(host: string, { kernel }: GdbTarget): Promise<DebugKernel> {
  if (!kernel?.dev) {
    throw new FleetError({
      code: 'config-invalid',
      host,
      what: kernel
        ? `the kernel ${kernel.version} has no output with its symbols (dev)`
        : 'its kernel does not belong to this stack',
      fix: 'Name the kernel with its symbols: --vmlinux FILE, such as vmlinux in the folder it was built in.',
    });
  }
  const onLine = (line: string) => process.stderr.write(`${line}\n`);
  await realiseOutput({ drvPath: kernel.drvPath, output: 'dev', path: kernel.dev }, { onLine });
  return filesOfDev(kernel.dev, kernel);
}
