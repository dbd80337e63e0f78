import type { Connection } from '../../schema/connection.ts';
import { FleetError } from '../errors.ts';
import { shellVariables } from '../ssh/quote.ts';
import { runOnMachine } from '../ssh/run.ts';

/**
 * Keeps what was pushed to a machine that serves its store from its garbage collection, in the place of what was pushed
 * before under this name; an empty path keeps nothing more.
 * @throws FleetError cache-failed, unreachable, host-key, access-denied, cancelled
 */
export async function rootOnMachine(
  connection: Connection,
  host: string,
  name: string,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  const script = `${shellVariables({ name, path })}root=/nix/var/nix/gcroots/nixos-fleet-pushed
if [ -n "$path" ]; then mkdir -p "$root" && ln -sfn "$path" "$root/$name"; else rm -f "$root/$name"; fi
`;
  const { exitCode, stderr } = await runOnMachine(connection, host, script, signal ? { signal } : {});
  if (exitCode === 0) return;
  throw new FleetError({
    code: 'cache-failed',
    what: 'what was pushed could not be kept from garbage collection',
    host,
    why: stderr.trim(),
  });
}
