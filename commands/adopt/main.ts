/**
 * Takes over the hosts of a stack's config that its state does not have, in one import that switches nothing.
 * Usage: node commands/adopt/main.ts [--on SELECTORS] [--dry-run] [--stack STACK]
 * Exit code: 1 if a host could not be taken over, 2 if none could be tried.
 */

import { runCommand } from '../command.ts';
import { adopt } from './adopt.ts';

const usage = "usage: npm run adopt -- [--on 'web*,@eu,!db1'] [--dry-run] [--stack STACK]";

await runCommand(
  {
    usage,
    options: { on: { type: 'string' }, 'dry-run': { type: 'boolean', default: false } },
    allowPositionals: false,
  },
  ({ on, stack, 'dry-run': dryRun }) => adopt({ on, stack, dryRun }),
);
