import { FleetError } from '../../base/errors.ts';
import { nix, nixStore } from './nix.ts';

export interface StoreOptions {
  signal?: AbortSignal;
}

/** How long a command on the store may take. */
export const limitSeconds = 300;

/** The paths that are not valid in this computer's store. */
export async function invalidPaths(
  paths: readonly string[],
  options: StoreOptions = {},
): Promise<Set<string>> {
  if (paths.length === 0) return new Set();
  const { exitCode, stdout, stderr } = await nixStore(['--check-validity', '--print-invalid', ...paths], {
    timeoutSeconds: limitSeconds,
    ...options,
  });
  if (exitCode !== 0) throw storeError('cannot query the Nix store for valid paths', stderr);
  return new Set(stdout.split('\n').filter(Boolean));
}

/** The closure of the paths; of a derivation, everything that its build needs. */
export async function requisites(paths: readonly string[], options: StoreOptions = {}): Promise<Set<string>> {
  const { exitCode, stdout, stderr } = await nixStore(['--query', '--requisites', ...paths], {
    timeoutSeconds: limitSeconds,
    ...options,
  });
  if (exitCode !== 0) throw storeError('cannot read the closure of a store path', stderr);
  return new Set(stdout.split('\n').filter(Boolean));
}

/** When a valid path was added to this computer's store: ISO 8601, UTC. */
export async function registrationTime(path: string, options: StoreOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await nix(['path-info', '--json', path], {
    timeoutSeconds: limitSeconds,
    ...options,
  });
  // Newer versions print a map by path, older ones a list.
  const seconds = /"registrationTime"\s*:\s*(\d+)/.exec(stdout)?.[1];
  if (exitCode !== 0 || seconds === undefined)
    throw storeError(`cannot read the registration time of ${path}`, stderr);
  return new Date(Number(seconds) * 1000).toISOString();
}

/** An error of a command on the store. */
export function storeError(what: string, stderr: string): FleetError {
  return new FleetError({
    code: 'command-failed',
    what,
    why: stderr.trim().replace(/^error:\s*/, '') || undefined,
  });
}
