import { FleetError } from '../base/errors.ts';
import { type PathInfo, parsePathInfos } from '../store/nix/path-info.ts';
import { scriptFile, scriptText } from './script/text.ts';
import type { Machine } from './ssh/machine.ts';

const script = scriptFile('./delivery/path-info.sh', import.meta.url);

/** Longest time that a preview waits for a machine, in seconds. */
const limitSeconds = 10;

/** Reads the closure of a system from a machine's store; undefined if it cannot be read. Changes nothing. */
export async function readClosure(
  machine: Machine,
  system: string,
  signal?: AbortSignal,
): Promise<Map<string, PathInfo> | undefined> {
  try {
    const text = scriptText(script, { args: ['--recursive', system] });
    const { exitCode, stdout } = await machine.run(text, { timeoutSeconds: limitSeconds, signal });
    return exitCode === 0 ? parsePathInfos(stdout) : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof FleetError) return undefined;
    throw error;
  }
}
