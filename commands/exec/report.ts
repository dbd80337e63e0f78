import { presentable } from '../../lib/base/presentable.ts';
import { counted } from '../../lib/base/text.ts';
import type { ExecEnd, ExecLine } from '../../schema/exec-line.ts';

type OutputLine = Extract<ExecLine, { stream: string }>;

/** Gets what happens on the machines. */
export interface Reporter {
  line(line: OutputLine): void;
  end(end: ExecEnd): void;
}

/** Writes text to one of this process's streams. */
export type Write = (stream: 'stdout' | 'stderr', text: string) => void;

/** Each line when it is there, behind the name of its machine. @param mark styles the name */
export function prefixReporter(
  machines: readonly string[],
  write: Write,
  mark: (name: string) => string = (name) => name,
): Reporter {
  const width = Math.max(0, ...machines.map(({ length }) => length));
  const put = (stream: 'stdout' | 'stderr', machine: string, text: string) =>
    write(stream, `${mark(`${machine.padEnd(width)} |`)} ${presentable(text)}`.trimEnd().concat('\n'));
  return {
    line: ({ machine, stream, line }) => put(stream, machine, line),
    end(end) {
      if (end.ended !== 'exit' || end.exitCode !== 0) put('stderr', end.machine, describeEnd(end));
    },
  };
}

/** The output of a machine in one block when it has ended; one that equals that of a machine before only names it. */
export function groupReporter(write: Write): Reporter {
  const outputs = new Map<string, string>();
  const first = new Map<string, string>();
  return {
    line({ machine, line }) {
      outputs.set(machine, `${outputs.get(machine) ?? ''}  ${presentable(line)}`.trimEnd().concat('\n'));
    },
    end(end) {
      const { machine } = end;
      const output = outputs.get(machine) ?? '';
      outputs.delete(machine);
      const title = `${machine}: ${describeEnd(end)}`;
      const same = output && first.get(output);
      if (!same) first.set(output, machine);
      write('stdout', same ? `${title}, the output of ${same}\n` : `${title}\n${output}`);
    },
  };
}

/** One JSON object a line (schema/exec-line.ts). */
export function jsonReporter(write: Write): Reporter {
  const put = (line: ExecLine) => write('stdout', `${JSON.stringify(line)}\n`);
  return { line: put, end: put };
}

/** How a command on a machine ended, in one line. */
function describeEnd(end: ExecEnd): string {
  switch (end.ended) {
    case 'exit':
      return `exit code ${end.exitCode}`;
    case 'timeout':
      return `ended by --timeout after ${Math.round(end.seconds)} s`;
    case 'cancelled':
      return 'cancelled';
    case 'failed': {
      const { code, what, why } = end.error;
      return `${[what, why].filter(Boolean).join(': ').replaceAll('\n', ' ')} [${code}]`;
    }
    default:
      return end satisfies never;
  }
}

/** The closing line: how many machines ended in which way; those that did not end with 0 by name. */
export function closingLine(ends: readonly ExecEnd[]): string {
  const names = new Map<string, string[]>();
  for (const end of [...ends].sort((a, b) => a.machine.localeCompare(b.machine, 'en'))) {
    const kind = kindOf(end);
    names.set(kind, [...(names.get(kind) ?? []), end.machine]);
  }
  const kinds = [...names]
    .sort(
      ([a], [b]) => Number(b === fine) - Number(a === fine) || a.localeCompare(b, 'en', { numeric: true }),
    )
    .map(([kind, machines]) =>
      kind === fine ? `${machines.length} ${kind}` : `${machines.length} ${kind} (${machines.join(', ')})`,
    );
  return `${counted(ends.length, 'machine')}: ${kinds.join(', ')}\n`;
}

const fine = 'exit code 0';

function kindOf(end: ExecEnd): string {
  switch (end.ended) {
    case 'exit':
      return `exit code ${end.exitCode}`;
    case 'timeout':
      return 'timed out';
    case 'cancelled':
      return 'cancelled';
    case 'failed':
      return end.error.code;
    default:
      return end satisfies never;
  }
}
