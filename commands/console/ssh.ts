/**
 * Logs in to a machine of the selected stack, as the stack itself does: same user, key and host key.
 * Usage: node commands/console/ssh.ts NAME [--stack STACK] [-- COMMAND…]
 */
import { login } from '../../lib/machine/ssh/login.ts';
import { machineCommand } from './command.ts';
import { machineNamed } from './virtual-machines.ts';

await machineCommand('usage: npm run ssh -- NAME [--stack STACK] [-- COMMAND…]', (exported, name, command) =>
  login(machineNamed(exported, name), command),
);
