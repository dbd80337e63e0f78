/**
 * Attaches to the serial console of a virtual machine of the selected stack.
 * Usage: node commands/console/console.ts NAME [--stack STACK]
 */
import { runMachineCommand } from '../command.ts';
import { attachConsole } from './attach.ts';
import { virtualMachineNamed } from './virtual-machines.ts';

const usage = 'usage: nixos-fleet console NAME [--stack STACK]';

await runMachineCommand(
  {
    usage,
    summary: 'Joins the serial console of a virtual machine; Ctrl-] leaves it.',
    examples: ['console vm'],
  },
  async (stack, name) => {
    const { stdin, stdout, stderr } = process;
    await attachConsole(virtualMachineNamed(stack, name), { input: stdin, output: stdout, notes: stderr });
    return 0;
  },
);
