/**
 * Logs in to a machine of the selected stack with the stack's connection: same user, key and host key.
 * Usage: node commands/console/ssh.ts NAME [--stack STACK] [-- COMMAND…]
 */
import { login } from '../../lib/machine/ssh/login.ts';
import { runMachineCommand } from '../command.ts';
import { machineNamed } from './virtual-machines.ts';

const usage = 'usage: nixos-fleet ssh NAME [--stack STACK] [-- COMMAND…]';

await runMachineCommand(
  {
    usage,
    summary: 'Logs in to a machine with the stack’s user, key and host key, or runs one command there.',
    examples: ['ssh web', 'ssh web -- systemctl --failed'],
  },
  (stack, name, command) => login(machineNamed(stack, name), command),
);
