/**
 * Prints the live systems of machines of the selected stack, read from the machines in parallel.
 * Usage: node commands/status/main.ts [--on SELECTORS] [--watch] [--json] [--stack NAME]; see docs/reliability.md
 * Exit code 1 if a machine could not be read.
 */
import { realClock } from '../../lib/base/clock.ts';
import { FleetError, isFailure } from '../../lib/base/errors.ts';
import { interruptSignal, print, runCommand } from '../command.ts';
import { selectMachines } from '../select-machines.ts';
import type { RecordedMachine } from '../stack-machines.ts';
import { statusDocumentOf } from './document.ts';
import { closeConnections, readStatuses } from './read.ts';
import { type MachineStatus, statusReport } from './status-report.ts';
import { changesView, documentView, type Reading, screenView, type View, watch } from './watch.ts';

const usage =
  "usage: nixos-fleet status [--on 'web*,@eu'] [--watch] [--interval SECONDS] [--json] [--stack STACK]";

const documentLine = (statuses: readonly MachineStatus[], at: Date) =>
  `${JSON.stringify(statusDocumentOf(statuses, at))}\n`;

function viewFor(json: boolean): View {
  if (json) return documentView((text) => process.stdout.write(text), documentLine);
  return process.stdout.isTTY ? screenView(process.stdout) : changesView(print);
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (seconds >= 1 && seconds <= 86_400) return seconds;
  throw new FleetError({
    code: 'config-invalid',
    what: `--interval ${text} is not a number of seconds from 1 on`,
    fix: usage,
  });
}

await runCommand(
  {
    usage,
    summary: 'Prints what machines run, read from them in parallel.',
    examples: ['status', "status --on 'web*,@eu' --watch", 'status --json'],
    options: {
      on: { type: 'string', value: 'SELECTORS', describe: 'the machines: names, globs, @tags, !exclusions' },
      watch: { type: 'boolean', default: false, describe: 'read again until Ctrl-C' },
      interval: { type: 'string', value: 'SECONDS', default: '5', describe: 'between two readings' },
      json: { type: 'boolean', default: false, describe: 'a JSON document' },
    },
    allowPositionals: false,
  },
  async ({ on, stack, watch: watches, interval, json }) => {
    const seconds = secondsOf(interval);
    const signal = interruptSignal();
    let machines: RecordedMachine[] = [];
    const read = async (): Promise<Reading> => {
      let problem: string | undefined;
      try {
        machines = await selectMachines(stack, on);
      } catch (error) {
        // A watch outlives a state that cannot be read for a while.
        if (machines.length === 0 || !isFailure(error)) throw error;
        problem = `${error.what} [${error.code}]`;
      }
      return { statuses: await readStatuses(machines, signal), problem };
    };
    try {
      if (watches) {
        await watch(read, viewFor(json), { seconds, signal, clock: realClock, now: () => new Date() });
        return 0;
      }
      const { statuses } = await read();
      if (json) process.stdout.write(documentLine(statuses, new Date()));
      else print(statusReport(statuses));
      return statuses.some((status) => 'error' in status) ? 1 : 0;
    } finally {
      await closeConnections(machines);
    }
  },
);
