/**
 * Takes over the hosts of a stack's config that its state does not have, in one import that switches nothing. With --from, writes
 * the hosts into the config first, from what a flake says for another tool.
 * Usage: node commands/adopt/main.ts [--on SELECTORS] [--dry-run] [--stack STACK]
 *        node commands/adopt/main.ts --from colmena|deploy-rs|nixos-rebuild [FLAKE] [--stack STACK]
 * Exit code: 1 if a host could not be taken over, or no host was found for the config; 2 if nothing could be tried.
 */
import { FleetError } from '../../lib/base/errors.ts';
import { runCommand } from '../command.ts';
import { adopt } from './adopt.ts';
import { convert } from './from/convert.ts';
import { tools } from './from/read-flake.ts';

const usage = [
  "usage: nixos-fleet adopt [--on 'web*,@eu,!db1'] [--dry-run] [--stack STACK]",
  '       nixos-fleet adopt --from colmena|deploy-rs|nixos-rebuild [FLAKE] [--stack STACK]',
].join('\n');

await runCommand(
  {
    usage,
    summary: 'Takes over hosts of the config that the state does not have, in one import.',
    examples: ['adopt --dry-run', "adopt --on 'web*'", 'adopt --from colmena ~/hive'],
    options: {
      on: { type: 'string', value: 'SELECTORS', describe: 'the machines: names, globs, @tags, !exclusions' },
      'dry-run': { type: 'boolean', default: false, describe: 'print the plan alone' },
      from: { type: 'string', value: 'TOOL', describe: 'write the hosts from a flake of another tool' },
    },
  },
  async ({ on, stack, from, 'dry-run': dryRun }, [flake, ...rest]) => {
    const mistake = (what: string) => new FleetError({ code: 'config-invalid', what, fix: usage });
    if (from === undefined) {
      if (flake !== undefined) throw mistake(`'${flake}': hosts are named with --on`);
      return await adopt({ on, stack, dryRun });
    }
    const tool = tools.find((each) => each === from);
    if (tool === undefined) throw mistake(`--from ${from}: is not ${tools.join(', ')}`);
    if (rest.length > 0 || on !== undefined || dryRun) throw mistake('--from takes one flake alone');
    return await convert(tool, flake, stack);
  },
);
