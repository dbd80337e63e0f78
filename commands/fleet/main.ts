/**
 * Runs `pulumi up`, `preview` or `refresh` on some or all of the stack's hosts, and shows what happens to the machines. With `--on`,
 * only these hosts are evaluated, read and touched; what is recorded of the others, and the stack's outputs of them, stay.
 * Usage: node commands/fleet/main.ts up|preview|refresh [--on SELECTORS] [--yes] [--details] [--events FILE] [--stack STACK]
 *   [-- OPTIONS-OF-PULUMI…]
 * Exit code: Pulumi's.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetError } from '../../lib/base/errors.ts';
import { runAttached } from '../../lib/base/process/run.ts';
import { withTemporaryFolder } from '../../lib/base/temporary-folder.ts';
import { type HostSettings, hostSettings } from '../../program/config/hosts.ts';
import { narrow } from '../../program/config/narrow.ts';
import { selectHosts } from '../../program/config/select-hosts.ts';
import type { StackConfig } from '../../schema/config.ts';
import { selectionVariable } from '../../schema/selection.ts';
import { interruptSignal, print, runCommand } from '../command.ts';
import { exportStack } from '../exported-stack.ts';
import { readStackConfig } from '../stack-config.ts';
import { Display } from './display.ts';
import { openEvents } from './events-file.ts';
import { excludeOptions } from './exclude.ts';
import { listenForInterrupts } from './interrupts.ts';
import { type Action, actions, pulumiOptions, refuseQuestion } from './options.ts';
import { paintFor } from './paint.ts';
import { askToGoOn } from './question.ts';
import { recordSelection } from './record.ts';
import { runFleet } from './run-fleet.ts';

const usage =
  "usage: nixos-fleet up|preview|refresh [--on 'web*,@eu,!db1'] [--yes] [--details] [--events FILE|-] [--stack STACK] [-- OPTIONS-OF-PULUMI…]";

const examples = ["preview --on 'web*,@eu,!web3'", 'up --on @canary --yes', 'refresh --on db'];
const options = {
  on: { type: 'string', value: 'SELECTORS', describe: 'the machines: names, globs, @tags, !exclusions' },
  yes: { type: 'boolean', short: 'y', default: false, describe: 'go on without a question' },
  details: { type: 'boolean', default: false, describe: 'show all of the plan' },
  events: {
    type: 'string',
    value: 'FILE',
    describe: 'write what happens as lines of JSON; - for the output',
  },
} as const;

await runCommand(
  { usage, summary: 'Runs Pulumi on some or all machines.', examples, options },
  async ({ on, stack, yes, details, events }, [verb, ...rest]) => {
    const action = actionOf(verb);
    const { config } = await readStackConfig(stack);
    const hosts = hostSettings(config);
    const selected = on === undefined ? Object.keys(hosts).sort() : selectHosts(on, hosts);
    return await withTemporaryFolder(async (folder) => {
      const shared = [
        ...(on === undefined ? [] : await selectOptions(folder, { config, hosts, selected, stack })),
        ...(stack ? ['--stack', stack] : []),
        ...rest,
      ];
      const pulumi = pulumiOptions(action, [...shared, ...(yes ? ['--yes'] : [])], process.env);
      if (pulumi.ownDisplay) {
        if (events !== undefined) throw noEvents(rest);
        if (on !== undefined)
          print(`on ${selected.join(', ')}: ${selected.length} of ${Object.keys(hosts).length} hosts\n`);
        // Pulumi gets the interrupt from the terminal, too, and ends by itself.
        interruptSignal();
        return await runAttached('pulumi', [
          action,
          ...shared,
          ...(yes && action !== 'preview' ? ['--yes'] : []),
        ]);
      }
      const terminal = events === '-' ? process.stderr : process.stdout;
      const isTerminal =
        Boolean(terminal.isTTY && process.stdin.isTTY) && !rest.includes('--non-interactive');
      const asks = pulumi.run !== undefined && !pulumi.yes && !pulumi.skipPreview;
      if (asks && !isTerminal) throw refuseQuestion(action);
      const file = events === undefined ? undefined : openEvents(events);
      const display = new Display(terminal, {
        action: pulumi.run === undefined ? 'preview' : action,
        skipPreview: pulumi.skipPreview,
        isTerminal: Boolean(terminal.isTTY),
        details,
        paint: paintFor(terminal),
      });
      const interrupts = listenForInterrupts();
      try {
        return await runFleet({
          action,
          options: pulumi,
          stack,
          machines: selected,
          of: Object.keys(hosts).length,
          onEvent: (event) => {
            file?.write(event);
            display.take(event);
          },
          confirm: asks
            ? () => askToGoOn(action, { input: process.stdin, output: terminal }, () => display.showDetails())
            : undefined,
          interrupts,
        });
      } finally {
        file?.close();
      }
    });
  },
);

function actionOf(verb: string | undefined): Action {
  const action = actions.find((each) => each === verb);
  if (action) return action;
  throw new FleetError({
    code: 'config-invalid',
    what: `${verb ?? 'nothing'} is not up, preview or refresh`,
    fix: usage,
  });
}

interface Selecting {
  config: StackConfig;
  hosts: Record<string, HostSettings>;
  selected: readonly string[];
  stack: string | undefined;
}

/** Makes the program know the selection, and returns the options for Pulumi. */
async function selectOptions(
  folder: string,
  { config, hosts, selected, stack }: Selecting,
): Promise<string[]> {
  const state = await exportStack(stack);
  const file = join(folder, 'selection.json');
  const images = Object.keys(narrow(config, hosts, selected).images);
  await writeFile(file, JSON.stringify(recordSelection(state, selected, images)), { mode: 0o600 });
  process.env[selectionVariable] = file;
  return excludeOptions(config, hosts, selected);
}

function noEvents(given: readonly string[]): FleetError {
  return new FleetError({
    code: 'config-invalid',
    what: `--events does not go with Pulumi’s own display (${given.join(' ')})`,
    fix: 'Leave out one of the two.',
  });
}
