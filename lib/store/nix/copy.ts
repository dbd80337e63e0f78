import { FleetError, hasCode } from '../../base/errors.ts';
import { StallWatch } from '../../base/stall.ts';
import { copyError, stalledCopy, stallSeconds } from './copy-error.ts';
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
  /** Whether the target fetches paths from its own caches if they have them. */
  substituteOnDestination?: boolean;
  /** Nix settings for this copy. */
  options?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  /** Limit in seconds; 24 h by default. */
  timeoutSeconds?: number;
  /** Seconds without progress after which it ends. Default: 15 minutes. */
  stallSeconds?: number;
  /** A line for a status display, such as "copying 12/80 paths, 34 MiB". */
  onProgress?: (message: string) => void;
}

/**
 * Copies the missing paths of closures to another store, in one nix process.
 * @throws FleetError no-room, unreachable, host-key, access-denied, not-nixos, cancelled; copy-failed for any other cause
 */
export async function copyClosure(request: CopyRequest): Promise<void> {
  const { paths, target, sshOpts, host, substituteOnDestination, signal, onProgress } = request;
  const log = new NixLog({ onProgress: (message) => onProgress?.(message) });
  const args = ['copy', '--to', target, '--log-format', 'internal-json'];
  // Paths copied by root need no signature: `ssh://` never checks them, `ssh-ng://` does by default. A machine that does not
  // trust the user still rejects them. A store in a folder checks them by default, too.
  if (/^(ssh-ng:\/\/|local\?)/.test(target)) args.push('--no-check-sigs');
  if (substituteOnDestination) args.push('--substitute-on-destination');
  for (const [name, value] of Object.entries(request.options ?? {})) args.push('--option', name, value);
  const watch = new StallWatch(request.stallSeconds ?? stallSeconds);
  try {
    const { exitCode } = await nix([...args, ...paths], {
      timeoutSeconds: request.timeoutSeconds ?? 24 * 3600,
      ...(sshOpts === undefined ? {} : { env: { NIX_SSHOPTS: sshOpts } }),
      signal: signal ? AbortSignal.any([signal, watch.signal]) : watch.signal,
      onStderrLine: (line) => {
        watch.progress();
        log.line(line);
      },
    });
    if (exitCode === 0) return;
  } catch (error) {
    if (watch.stalled) throw stalledCopy(host, error);
    if (hasCode(error, 'cancelled')) {
      throw new FleetError({ code: 'cancelled', what: 'the copy was cancelled', host, cause: error });
    }
    throw error;
  } finally {
    watch.end();
  }
  throw copyError({ target, host, messages: [...log.notes, ...log.errors] });
}
