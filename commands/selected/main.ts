/**
 * Runs `pulumi up`, `preview` or `refresh` on some of the stack's hosts: only these are evaluated, read and touched; what is recorded
 * of the others, and the stack's outputs of them, stay.
 * Usage: node commands/selected/main.ts up|preview|refresh --on SELECTORS [--stack STACK] [-- OPTIONS-OF-PULUMI…]
 * Exit code: Pulumi's.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetError } from '../../lib/base/errors.ts';
import { runAttached } from '../../lib/base/process/run.ts';
import { withTemporaryFolder } from '../../lib/base/temporary-folder.ts';
import { hostSettings } from '../../program/config/hosts.ts';
import { narrow } from '../../program/config/narrow.ts';
import { selectHosts } from '../../program/config/select-hosts.ts';
import { selectionVariable } from '../../schema/selection.ts';
import { interruptSignal, print, runCommand } from '../command.ts';
import { exportStack } from '../exported-stack.ts';
import { readStackConfig } from '../stack-config.ts';
import { excludeOptions } from './exclude.ts';
import { recordSelection } from './record.ts';

const usage =
  "usage: npm run fleet -- up|preview|refresh --on 'web*,@eu,!db1' [--stack STACK] [-- OPTIONS-OF-PULUMI…]";

const verbs: readonly string[] = ['up', 'preview', 'refresh'];

await runCommand({ usage, options: { on: { type: 'string' } } }, async ({ on, stack }, [verb, ...rest]) => {
  if (verb === undefined || !verbs.includes(verb) || on === undefined)
    throw new FleetError({
      code: 'config-invalid',
      what:
        verb && verbs.includes(verb)
          ? '--on is missing'
          : `${verb ?? 'nothing'} is not up, preview or refresh`,
      fix: usage,
    });
  const { config } = await readStackConfig(stack);
  const hosts = hostSettings(config);
  const selected = selectHosts(on, hosts);
  const state = await exportStack(stack);
  print(`on ${selected.join(', ')}: ${selected.length} of ${Object.keys(hosts).length} hosts\n`);
  // Pulumi gets the interrupt from the terminal, too, and ends by itself.
  interruptSignal();
  return await withTemporaryFolder(async (folder) => {
    const file = join(folder, 'selection.json');
    const images = Object.keys(narrow(config, hosts, selected).images);
    await writeFile(file, JSON.stringify(recordSelection(state, selected, images)), { mode: 0o600 });
    process.env[selectionVariable] = file;
    const options = [...excludeOptions(config, hosts, selected), ...(stack ? ['--stack', stack] : [])];
    return await runAttached('pulumi', [verb, ...options, ...rest]);
  });
});
