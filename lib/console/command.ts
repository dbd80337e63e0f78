import { parseArgs } from 'node:util';
import { FleetError } from '../errors.ts';
import { exportStack } from '../status/export-stack.ts';

/**
 * Runs a command that takes a machine's name and the option --stack, and ends with the exit code that `work` gives. A mistake
 * of the user's is one message, and exit code 2.
 */
export async function machineCommand(
  usage: string,
  work: (exported: string, name: string, rest: string[]) => Promise<number>,
): Promise<void> {
  try {
    const { values, positionals } = parseArgs({
      options: { stack: { type: 'string', short: 's' } },
      allowPositionals: true,
    });
    const [name, ...rest] = positionals;
    if (name === undefined)
      throw new FleetError({ code: 'config-invalid', what: 'no machine is named', mend: usage });
    process.exitCode = await work(await exportStack(values.stack), name, rest);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(error instanceof FleetError ? error.message : `${error.message}\n${usage}`);
    process.exitCode = 2;
  }
}
