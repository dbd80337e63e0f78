/**
 * Runs a command on machines of the selected stack in parallel, as root.
 * Usage: node commands/exec/main.ts --on SELECTORS [options] -- COMMAND…; see docs/hosts.md
 * Exit code: 0 if the command's was 0 on all machines, 1 if not, 2 if it could not be tried, 130 after Ctrl-C.
 */
import { styleText } from 'node:util';
import { FleetError } from '../../lib/base/errors.ts';
import { interruptSignal, runCommand } from '../command.ts';
import { selectMachines } from '../select-machines.ts';
import {
  closingLine,
  groupReporter,
  jsonReporter,
  prefixReporter,
  type Reporter,
  type Write,
} from './report.ts';
import { runOnMachines } from './run.ts';

const usage =
  "usage: nixos-fleet exec --on 'web*,@eu,!db1' [--user] [--shell] [--at-once N] [--timeout SECONDS] [--group | --json] [--stack STACK] -- COMMAND…";

interface Output {
  group: boolean;
  json: boolean;
}

const write: Write = (stream, text) => process[stream].write(text);

function reporterFor({ group, json }: Output, machines: readonly string[]): Reporter {
  if (json) return jsonReporter(write);
  if (group) return groupReporter(write);
  // With the colours of the terminal, if it has any (NO_COLOR).
  return prefixReporter(machines, write, (name) => styleText('dim', name, { stream: process.stdout }));
}

/** A whole number from 1 on; undefined where there is none. */
function count(option: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1) return number;
  throw mistake(`--${option} ${text} is not a number from 1 on`);
}

function mistake(what: string): FleetError {
  return new FleetError({ code: 'config-invalid', what, fix: usage });
}

await runCommand(
  {
    usage,
    summary: 'Runs a command as root on machines in parallel.',
    examples: [
      "exec --on 'web*,@eu' -- systemctl is-active nginx",
      "exec --on '*' --group --shell -- 'uname -r | cut -d. -f1-2'",
    ],
    options: {
      on: { type: 'string', value: 'SELECTORS', describe: 'the machines: names, globs, @tags, !exclusions' },
      user: { type: 'boolean', default: false, describe: 'as the user who logs in' },
      shell: { type: 'boolean', default: false, describe: 'the words are a text for sh' },
      'at-once': { type: 'string', value: 'N', default: '10', describe: 'how many machines at a time' },
      timeout: { type: 'string', value: 'SECONDS', describe: 'limit on a machine; default: none' },
      group: { type: 'boolean', default: false, describe: 'a machine’s output in one block' },
      json: { type: 'boolean', default: false, describe: 'one JSON object a line' },
    },
  },
  async ({ on, stack, user, shell, timeout, 'at-once': atOnce, group, json }, words) => {
    if (on === undefined) throw mistake("--on is missing: the machines; '*' for all");
    if (words.length === 0) throw mistake('the command is missing');
    if (group && json) throw mistake('--group and --json exclude each other');
    const request = {
      command: shell ? ['sh', '-c', words.join(' ')] : words,
      atOnce: count('at-once', atOnce),
      asLogin: user,
      timeoutSeconds: timeout === undefined ? undefined : count('timeout', timeout),
    };
    const machines = await selectMachines(stack, on);
    const reporter = reporterFor(
      { group, json },
      machines.map(({ host }) => host),
    );
    const signal = interruptSignal();
    const ends = await runOnMachines(machines, { ...request, signal }, reporter);
    if (!json) process.stderr.write(closingLine(ends));
    if (signal.aborted) return 130;
    return ends.every((end) => end.ended === 'exit' && end.exitCode === 0) ? 0 : 1;
  },
);
