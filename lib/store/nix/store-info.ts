import { ProcessError } from '../../base/process/process-error.ts';
import { nix } from './nix.ts';

export interface StoreInfo {
  /** Its Nix version; empty if unknown. */
  version: string;
  /** Whether it trusts the user; undefined if unknown. */
  trusted: boolean | undefined;
}

export interface StoreInfoOptions {
  /** Limit in seconds. */
  timeoutSeconds: number;
  env?: Record<string, string>;
  signal?: AbortSignal;
}

/** Connects to a store, and returns its info or why it cannot be used, from the messages of nix and ssh. */
export async function storeInfo(
  uri: string,
  { timeoutSeconds, env, signal }: StoreInfoOptions,
): Promise<StoreInfo | { problem: string }> {
  const args = ['store', 'info', '--store', uri, '--json'];
  try {
    const { exitCode, stdout, stderr } = await nix(args, {
      timeoutSeconds,
      env,
      signal,
    });
    return parseStoreInfo(exitCode, stdout, stderr);
  } catch (error) {
    if (!(error instanceof ProcessError) || error.reason !== 'timeout') throw error;
    return { problem: `no answer within ${timeoutSeconds} s` };
  }
}

/** Parses the output of `nix store info --json`. */
export function parseStoreInfo(
  exitCode: number,
  stdout: string,
  stderr: string,
): StoreInfo | { problem: string } {
  if (exitCode !== 0) return { problem: shorten(stderr) };
  const { version = '', trusted } = JSON.parse(stdout) as { version?: string; trusted?: boolean | number };
  return { version, trusted: trusted === undefined ? undefined : Boolean(trusted) };
}

/** The last messages in one line: those of ssh come first, nix's last. */
function shorten(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim().replace(/^error:\s*/, ''))
    .filter(Boolean);
  return lines.slice(-3).join('; ') || 'no error message';
}
