import type { Connection } from '../../../schema/connection.ts';
import { lastingConnection } from '../ssh/bootstrap.ts';
import { shellVariables } from '../ssh/quote.ts';
import { runOnMachine } from '../ssh/run.ts';

export interface Confirmation {
  unit: string;
  host: string;
  /** Path of what was activated: the system, or a specialisation in it. */
  activated: string;
  token: string;
}

/**
 * Confirms, or with `reject` sends the machine back, over a connection of its own, which proves that the machine can still be reached,
 * and by the user who is to stay.
 * Returns false where the machine does not run the system that is to be confirmed: that is told to the supervisor.
 * @throws FleetError unreachable, host-key, access-denied, cancelled
 */
export async function confirm(
  connection: Connection,
  { unit, host, activated, token }: Confirmation,
  signal?: AbortSignal,
  reject = false,
): Promise<boolean> {
  const script = `${shellVariables({ unit, activated, token, wanted: reject ? 'reject' : 'confirm' })}
directory=/run/nixos-fleet/units/$unit
if [ "$(readlink -f /run/current-system)" = "$(readlink -f "$activated")" ]; then answer=$wanted; else answer=reject; fi
printf %s "$token" >"$directory/$answer.part" && mv "$directory/$answer.part" "$directory/$answer" && echo "answer=$answer"
`;
  const limit = connection.connectTimeoutSeconds + 10;
  const result = await runOnMachine(lastingConnection(connection), host, script, {
    fresh: true,
    signal,
    timeoutSeconds: limit,
  });
  return /^answer=confirm$/m.test(result.stdout);
}
