/**
 * Attaches to the serial console of a virtual machine of the selected stack.
 * Usage: node commands/console/console.ts NAME [--stack STACK]
 */
import { runMachineCommand } from '../command.ts';
import { attachConsole } from './attach.ts';
import { virtualMachineNamed } from './virtual-machines.ts';

const usage = 'usage: npm run console -- NAME [--stack STACK]';

await runMachineCommand({ usage }, async (stack, name) => {
  const { stdin, stdout, stderr } = process;
  await attachConsole(virtualMachineNamed(stack, name), { input: stdin, output: stdout, notes: stderr });
  return 0;
});
