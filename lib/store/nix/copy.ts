import { FleetError, hasCode } from '../../base/errors.ts';
import { copyError } from './copy-error.ts';
import { NixLog } from './log-json.ts';
import { nix } from './nix.ts';

export interface CopyRequest {
  /** Valid store paths; their closures are copied. */
  paths: readonly string[];
  /** Store URI of the target, such as `ssh://root@192.0.2.7`. */
  target: string;
  /** Options of ssh, for NIX_SSHOPTS. */
  sshOpts?: string;
  /** Machine that an error names. */
  host?: string;
  /** Lets the target fetch what its own caches have, instead of sending it. */
  substituteOnDestination?: boolean;
  /** Settings of nix for this copy alone. */
  options?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  /** Limit in seconds; 24 h by default. */
  timeoutSeconds?: number;
  /** A line for a status display, such as "copying 12/80 paths, 34 MiB". */
  onProgress?: (message: string) => void;
}

/**
 * Copies closures to another store, in one process for all paths, and only what is missing there.
 *
 * Throws `no-room`, `unreachable`, `host-key`, `access-denied`, `not-nixos`, `cancelled`, and `copy-failed` for the
 * rest, with the words of nix and ssh.
 */
export async function copyClosure(request: CopyRequest): Promise<void> {
  const { paths, target, sshOpts, host, substituteOnDestination, signal, onProgress } = request;
  const log = new NixLog({ onProgress: (_, message) => onProgress?.(message) });
  const args = ['copy', '--to', target, '--log-format', 'internal-json'];
  // What root sends to its own machine needs no signature: `ssh://` never asks for one, `ssh-ng://` by default does.
  // A machine that does not trust the user still refuses.
  if (target.startsWith('ssh-ng://')) args.push('--no-check-sigs');
  if (substituteOnDestination) args.push('--substitute-on-destination');
  for (const [name, value] of Object.entries(request.options ?? {})) args.push('--option', name, value);
  try {
    const { exitCode } = await nix([...args, ...paths], {
      timeoutSeconds: request.timeoutSeconds ?? 24 * 3600,
      ...(sshOpts === undefined ? {} : { env: { NIX_SSHOPTS: sshOpts } }),
      signal,
      onStderrLine: (line) => log.line(line),
    });
    if (exitCode === 0) return;
  } catch (error) {
    if (hasCode(error, 'cancelled')) {
      throw new FleetError({ code: 'cancelled', what: 'the copy was cancelled', host, cause: error });
    }
    throw error;
  }
  throw copyError({ target, host, said: [...log.notes, ...log.errors] });
}
