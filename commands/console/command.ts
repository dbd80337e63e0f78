import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { FleetError } from '../../lib/base/errors.ts';
import { explainError } from '../command.ts';
import { exportStack } from '../status/export-stack.ts';

/**
 * Runs a command that takes a machine's name, the option --stack and perhaps further options with a text each, and ends with the
 * exit code that `work` gives. A mistake of the user's is one message, and exit code 2.
 */
export async function machineCommand<Option extends string = never>(
  usage: string,
  work: (
    exported: string,
    name: string,
    rest: string[],
    options: Partial<Record<Option, string>>,
  ) => Promise<number>,
  optionNames: readonly Option[] = [],
): Promise<void> {
  try {
    const own: ParseArgsOptionsConfig = Object.fromEntries(
      optionNames.map((option) => [option, { type: 'string' as const }]),
    );
    const { values, positionals } = parseArgs({
      options: { ...own, stack: { type: 'string', short: 's' } },
      allowPositionals: true,
    });
    const [name, ...rest] = positionals;
    if (name === undefined)
      throw new FleetError({ code: 'config-invalid', what: 'no machine is named', fix: usage });
    process.exitCode = await work(
      await exportStack(values.stack as string | undefined),
      name,
      rest,
      values as Partial<Record<Option, string>>,
    );
  } catch (error) {
    console.error(explainError(error, usage));
    process.exitCode = 2;
  }
}
