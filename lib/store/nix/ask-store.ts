import { ProcessError } from '../../base/process/process-error.ts';
import { nix } from './nix.ts';

export interface StoreAnswer {
  /** Nix's version there; empty where it does not say. */
  version: string;
  /** Whether it trusts the user; undefined where it does not say. */
  trusted: boolean | undefined;
}

export interface AskStoreOptions {
  /** Limit in seconds. */
  timeoutSeconds: number;
  env?: Record<string, string>;
  signal?: AbortSignal;
}

/** Asks a store who it is. Returns why it does not answer, in the words of nix and ssh, where it does not. */
export async function askStore(
  uri: string,
  { timeoutSeconds, env, signal }: AskStoreOptions,
): Promise<StoreAnswer | { silent: string }> {
  const args = ['store', 'info', '--store', uri, '--json'];
  try {
    const { exitCode, stdout, stderr } = await nix(args, {
      timeoutSeconds,
      env,
      signal,
    });
    return readAnswer(exitCode, stdout, stderr);
  } catch (error) {
    if (!(error instanceof ProcessError) || error.reason !== 'timeout') throw error;
    return { silent: `no answer within ${timeoutSeconds} s` };
  }
}

/** Reads what `nix store info --json` said. Pure. */
export function readAnswer(
  exitCode: number,
  stdout: string,
  stderr: string,
): StoreAnswer | { silent: string } {
  if (exitCode !== 0) return { silent: shorten(stderr) };
  const { version = '', trusted } = JSON.parse(stdout) as { version?: string; trusted?: boolean | number };
  return { version, trusted: trusted === undefined ? undefined : Boolean(trusted) };
}

/** What was wrong, in one line: ssh's own words come first, and nix's last. */
function shorten(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim().replace(/^error:\s*/, ''))
    .filter(Boolean);
  return lines.slice(-3).join('; ') || 'it does not say why';
}
