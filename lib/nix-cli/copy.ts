import { FleetError } from '../errors.ts';
import { NixLog } from './log-json.ts';
import { nix } from './nix.ts';

export interface CopyRequest {
  /** Store paths to copy, with everything they need. */
  paths: readonly string[];
  /** URI of the store to copy to, such as ssh://root@web. */
  target: string;
  /** Options for ssh, joined by spaces: NIX_SSHOPTS. */
  sshOpts?: string;
  /** Machine that an error names. */
  host?: string;
  /** Whether the machine fetches what it can from its own substituters. Default: false. */
  substituteOnDestination?: boolean;
  signal?: AbortSignal;
  /** A line for a status display. */
  onProgress?: (message: string) => void;
}

/**
 * Copies closures to another store in one nix process; what is there already is not copied.
 * The store is `ssh://`, not `ssh-ng://`: it needs fewer round trips, and takes unsigned paths from root.
 * @throws FleetError no-room, copy-failed, tool-missing, cancelled
 */
export async function copyClosure(request: CopyRequest): Promise<void> {
  const { paths, target, sshOpts, host, signal, onProgress } = request;
  const log = new NixLog({ onProgress: (_, message) => onProgress?.(message) });
  const substitute = request.substituteOnDestination ? ['--substitute-on-destination'] : [];
  const { exitCode } = await nix(
    ['copy', '--log-format', 'internal-json', '--to', target, ...substitute, ...paths],
    {
      signal,
      env: { LC_ALL: 'C', ...(sshOpts === undefined ? {} : { NIX_SSHOPTS: sshOpts }) },
      onStderrLine: (line) => log.line(line),
    },
  );
  if (exitCode === 0) return;
  throw explainCopyFailure([...log.notes, ...log.errors].join('\n'), host);
}

/** What a failed copy's messages mean. Pure. */
export function explainCopyFailure(messages: string, host?: string): FleetError {
  const why = messages.trim().split('\n').slice(-10).join('\n');
  if (/no space left on device|disk (is )?full|disk quota exceeded/i.test(messages)) {
    return new FleetError({
      code: 'no-room',
      what: 'the system does not fit into the machine’s store',
      host,
      why,
      mend: 'Make room on the machine: nix-collect-garbage --delete-older-than 30d',
    });
  }
  const unsigned = /lacks a (valid )?signature|not a trusted user|not trusted/i.test(messages);
  return new FleetError({
    code: 'copy-failed',
    what: 'the system could not be copied to the machine',
    host,
    why,
    mend: unsigned
      ? 'The machine takes paths from trusted users only: log in as root, or add the user to nix.settings.trusted-users.'
      : 'Check that Nix on the machine works: ssh to it and run nix-store --version',
  });
}
