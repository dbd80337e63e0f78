import type { ParseArgsConfig, parseArgs } from 'node:util';
import { Command, CommanderError, Option } from 'commander';
import { FleetError } from '../lib/base/errors.ts';
import { describeError, failureOf } from '../lib/base/failure.ts';
import { presentable } from '../lib/base/presentable.ts';
import { type ExportedStack, exportStack } from './exported-stack.ts';

/** An option, as parseArgs of node:util types it, with its help. */
type OptionSpec = NonNullable<ParseArgsConfig['options']>[string] & {
  /** What its value is, in the help: FILE. */
  value?: string;
  describe?: string;
};
type Options = Record<string, OptionSpec>;

const stackOption = {
  stack: { type: 'string', short: 's', value: 'STACK', describe: 'the stack; default: the selected one' },
} as const;

type Values<Own extends Options> = ReturnType<
  typeof parseArgs<{ options: Own & typeof stackOption; allowPositionals: true }>
>['values'];

/** Usage and options of a command. Every command has --stack. */
export interface CommandLine<Own extends Options> {
  /** `usage: nixos-fleet ssh NAME [-- COMMAND…]` */
  usage: string;
  /** What it does, in a sentence. */
  summary?: string;
  /** Command lines without the name of the program. */
  examples?: readonly string[];
  options?: Own;
  /** Whether positional arguments are allowed. Default: true. */
  allowPositionals?: boolean;
  /** Exit code for an error, such as wrong options. Default: 2. */
  errorCode?: number;
}

/** If set, receives a command instead of running it. */
let describes: ((command: Command) => void) | undefined;

/** The command that a module defines, for completion. Does not run it. */
export async function commandOf(load: () => Promise<unknown>): Promise<Command | undefined> {
  let described: Command | undefined;
  describes = (command) => {
    described = command;
  };
  await load();
  describes = undefined;
  return described;
}

/**
 * Runs a command, and ends the process with the exit code that `work` returns. An error is printed without a stack trace,
 * unless it is a bug; a cancel has exit code 130.
 */
export async function runCommand<const Own extends Options = Record<never, never>>(
  line: CommandLine<Own>,
  work: (values: Values<Own>, positionals: string[]) => Promise<number>,
): Promise<void> {
  const { errorCode = 2 } = line;
  const command = commanderOf(line);
  if (describes) {
    describes(command);
    return;
  }
  try {
    command.parse(process.argv);
    process.exitCode = await work(valuesOf(command, line.options) as Values<Own>, command.args);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed it.
      process.exitCode = error.exitCode === 0 ? 0 : errorCode;
      return;
    }
    console.error(describeError(error));
    process.exitCode = failureOf(error)?.code === 'cancelled' ? 130 : errorCode;
  }
}

function commanderOf({
  usage,
  summary,
  examples = [],
  options,
  allowPositionals = true,
}: CommandLine<Options>) {
  const [name = '', ...words] = usage.replace('usage: nixos-fleet ', '').split(' ');
  const command = new Command(`nixos-fleet ${name}`)
    .usage(words.join(' '))
    .description(summary ?? '')
    .exitOverride()
    .configureOutput({ outputError: mistakeWriter(usage) });
  if (allowPositionals) command.argument('[words...]');
  for (const [key, { type, short, value = 'VALUE', describe, multiple, ...rest }] of Object.entries({
    ...options,
    ...stackOption,
  } as Options)) {
    const taken = type === 'boolean' ? '' : ` <${value}>`;
    const option = new Option(`${short ? `-${short}, ` : ''}--${key}${taken}`, describe);
    if (multiple) option.argParser((text: string, before: string[]) => [...(before ?? []), text]);
    if (rest.default !== undefined && type !== 'boolean' && !multiple) option.default(rest.default);
    command.addOption(option);
  }
  if (examples.length > 0) command.addHelpText('after', exampleText(examples));
  return command;
}

/** Prints a mistake in the command line, which commander describes, like any other error. */
export function mistakeWriter(help: string): (text: string, write: (text: string) => void) => void {
  return (text, write) => {
    const [what = '', ...more] = text
      .trim()
      .replace(/^error: /, '')
      .split('\n');
    const hints = more.map((line) => line.replace(/^\((.*)\)$/, '$1'));
    const error = new FleetError({ code: 'config-invalid', what, fix: [...hints, help].join('\n') });
    write(`${describeError(error)}\n`);
  };
}

/** The end of a help. */
export function exampleText(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((each) => `  nixos-fleet ${each}\n`).join('')}`;
}

/** The values by the names of the options, with their defaults. */
function valuesOf(command: Command, options: Options = {}): Record<string, unknown> {
  const given = command.opts<Record<string, unknown>>();
  return Object.fromEntries(
    command.options.map((option) => {
      const name = option.long?.slice(2) ?? '';
      const value = given[option.attributeName()];
      if (option.negate) return [name, value === false];
      return [name, value ?? options[name]?.default];
    }),
  );
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
