import { FleetError } from '../../base/errors.ts';
import { ProcessError } from '../../base/process/process-error.ts';
import { type RunResult, runToEnd } from '../../base/process/run.ts';
import type { RunOptions } from '../../base/process/start.ts';

/** Settings that every call of `nix` needs, regardless of the computer's nix.conf. */
const settings = ['--extra-experimental-features', 'nix-command flakes'];

/**
 * Runs `nix`, and returns its output and exit code, also if it fails.
 * @throws FleetError `tool-missing` if nix is not on PATH; `cancelled`
 */
export function nix(args: readonly string[], options: RunOptions): Promise<RunResult> {
  return start('nix', [...settings, ...args], options);
}

/** Runs `nix-store`, like `nix`. */
export function nixStore(args: readonly string[], options: RunOptions): Promise<RunResult> {
  return start('nix-store', args, options);
}

async function start(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  try {
    return await runToEnd(program, args, options);
  } catch (error) {
    if (error instanceof ProcessError && error.reason === 'not-found') {
      throw new FleetError({
        code: 'tool-missing',
        what: 'Nix is not on PATH',
        why: `'${program}' was not found`,
        fix: 'Install Nix (https://nixos.org/download), or run the set-up: npm run setup',
        cause: error,
      });
    }
    throw error;
  }
}

/** '/nix/store/<hash>-nginx-1.28.0.drv' to 'nginx-1.28.0'. */
export function storeName(path: string): string {
  return path
    .replace(/^.*\//, '')
    .replace(/^[0-9a-z]{32}-/, '')
    .replace(/\.drv$/, '');
}
