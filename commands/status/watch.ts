import type { Writable } from 'node:stream';
import type { Clock } from '../../lib/base/clock.ts';
import { failureOf } from '../../lib/base/failure.ts';
import { presentable } from '../../lib/base/presentable.ts';
import { pause } from '../../lib/base/until.ts';
import { statusChanges } from './changes.ts';
import { type MachineStatus, statusReport, timeOf } from './status-report.ts';

/** What one reading found. */
export interface Reading {
  statuses: readonly MachineStatus[];
  /** Why the stack's state could not be read again; the machines are then those of the reading before. */
  problem?: string;
}

/** Shows readings, one after the other. */
export interface View {
  show(reading: Reading, at: Date): void;
  /** Called once after the last reading. */
  end(): void;
}

export interface WatchOptions {
  seconds: number;
  signal: AbortSignal;
  clock: Clock;
  now: () => Date;
}

/** Reads again and again, and shows each reading, until it is cancelled. */
export async function watch(
  read: () => Promise<Reading>,
  view: View,
  { seconds, signal, clock, now }: WatchOptions,
): Promise<void> {
  try {
    for (;;) {
      view.show(await read(), now());
      await pause(seconds, clock, signal);
    }
  } catch (error) {
    // The interrupt ends a running pulumi, too.
    if (!signal.aborted || failureOf(error) === undefined) throw error;
  } finally {
    view.end();
  }
}

interface Terminal extends Pick<Writable, 'write'> {
  rows?: number;
  columns?: number;
}

/** Draws each reading over the one before, on the terminal's second screen. */
export function screenView(terminal: Terminal): View {
  terminal.write(secondScreen);
  return {
    show({ statuses, problem }, at) {
      const { rows = 24, columns = 80 } = terminal;
      const lines = presentable(statusReport(statuses)).trimEnd().split('\n');
      const title = [`${timeOf(at.toISOString())} UTC`, problem ?? 'Ctrl-C ends'].join('; ');
      terminal.write(
        home + fitting([title, '', ...lines], rows - 1, columns).join(`${clearLine}\n`) + clearBelow,
      );
    },
    end: () => void terminal.write(firstScreen),
  };
}

const secondScreen = '\x1b[?1049h\x1b[?25l';
const firstScreen = '\x1b[?25h\x1b[?1049l';
const home = '\x1b[H';
const clearLine = '\x1b[K';
const clearBelow = '\x1b[K\x1b[J';

/** As many lines as there is room for, each cut to the width. */
function fitting(lines: readonly string[], rows: number, columns: number): string[] {
  const shown =
    lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines`];
  return shown.map((line) => (line.length <= columns ? line : `${line.slice(0, columns - 1)}…`));
}

/** Prints the first reading as it is, and of the others one line for each change. */
export function changesView(write: (text: string) => void): View {
  let before: Reading | undefined;
  return {
    show(reading, at) {
      const time = timeOf(at.toISOString());
      write(
        before
          ? changesBetween(before, reading)
              .map((line) => `${time} ${line}\n`)
              .join('')
          : statusReport(reading.statuses),
      );
      before = reading;
    },
    end() {},
  };
}

/** Prints what `textOf` makes of the first reading, and of each that differs from the one before. */
export function documentView(
  write: (text: string) => void,
  textOf: (statuses: readonly MachineStatus[], at: Date) => string,
): View {
  let before: Reading | undefined;
  return {
    show(reading, at) {
      const { statuses } = reading;
      if (!before || statusChanges(before.statuses, statuses).length > 0) write(textOf(statuses, at));
      before = reading;
    },
    end() {},
  };
}

function changesBetween(before: Reading, after: Reading): string[] {
  const changes = statusChanges(before.statuses, after.statuses);
  if (before.problem === after.problem) return changes;
  return [after.problem ?? 'the state is read again', ...changes];
}
