/**
 * Attaches to the serial console of a virtual machine of the selected stack.
 * Usage: node commands/console/console.ts NAME [--stack STACK]
 */
import { attachConsole } from './attach.ts';
import { machineCommand } from './command.ts';
import { virtualMachineNamed } from './virtual-machines.ts';

await machineCommand('usage: npm run console -- NAME [--stack STACK]', async (exported, name) => {
  const { stdin, stdout, stderr } = process;
  await attachConsole(virtualMachineNamed(exported, name), { input: stdin, output: stdout, notes: stderr });
  return 0;
});
