import { type ParseArgsConfig, parseArgs } from 'node:util';
import { FleetError } from '../lib/base/errors.ts';
import { describeError, failureOf } from '../lib/base/failure.ts';
import { presentable } from '../lib/base/presentable.ts';
import { type ExportedStack, exportStack } from './exported-stack.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

const stackOption = { stack: { type: 'string', short: 's' } } as const;

type Values<Own extends Options> = ReturnType<
  typeof parseArgs<{ options: Own & typeof stackOption; allowPositionals: true }>
>['values'];

/** Usage and options of a command. Every command has --stack. */
interface CommandLine<Own extends Options> {
  usage: string;
  options?: Own;
  /** Whether positional arguments are allowed. Default: true. */
  allowPositionals?: boolean;
  /** Exit code for an error, such as wrong options. Default: 2. */
  errorCode?: number;
}

/**
 * Runs a command, and ends the process with the exit code that `work` returns. An error is printed without a stack trace,
 * unless it is a bug; a cancel has exit code 130.
 */
export async function runCommand<const Own extends Options = Record<never, never>>(
  { usage, options, allowPositionals = true, errorCode = 2 }: CommandLine<Own>,
  work: (values: Values<Own>, positionals: string[]) => Promise<number>,
): Promise<void> {
  try {
    const { values, positionals } = parseArgs({ options: { ...options, ...stackOption }, allowPositionals });
    process.exitCode = await work(values as Values<Own>, positionals);
  } catch (error) {
    console.error(explainError(error, usage));
    process.exitCode = failureOf(error)?.code === 'cancelled' ? 130 : errorCode;
  }
}

/** Runs a command on a machine of a stack. The first positional argument is the machine's name, `rest` are the others. */
export async function runMachineCommand<const Own extends Options = Record<never, never>>(
  line: CommandLine<Own>,
  work: (stack: ExportedStack, name: string, rest: string[], values: Values<Own>) => Promise<number>,
): Promise<void> {
  await runCommand(line, async (values, [name, ...rest]) => {
    if (name === undefined) {
      throw new FleetError({
        code: 'config-invalid',
        what: 'the name of the machine is missing',
        fix: line.usage,
      });
    }
    const { stack } = values as Values<Record<never, never>>;
    return await work(await exportStack(stack), name, rest, values);
  });
}

/** Prints text that may hold what others wrote. */
export function print(text: string): void {
  process.stdout.write(presentable(text));
}

/** Prints what is done about a host; of progress, such as the paths of a copy, only the first line. */
export function printSteps(host: string): (line: string) => void {
  let last = '';
  return (line) => {
    const step = line.replaceAll(/\d+/g, '').slice(0, 12);
    if (step !== last) print(`${host}: ${line}\n`);
    last = step;
  };
}

/** Aborted by SIGINT or SIGTERM, which then do not end this process. */
export function interruptSignal(): AbortSignal {
  const interrupt = new AbortController();
  // Not `once`: execa ends the process if its own listener is the only one.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt.abort());
  return interrupt.signal;
}

/** The text of an error; for wrong options, with the usage. */
function explainError(error: unknown, usage: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('ERR_PARSE_ARGS_') ? `${(error as Error).message}\n${usage}` : describeError(error);
}
