import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';

const script = scriptFile('./confirm.sh', import.meta.url);

export interface Confirmation {
  unit: string;
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
  machine: Machine,
  { unit, activated, token }: Confirmation,
  signal?: AbortSignal,
  reject = false,
): Promise<boolean> {
  const variables = { unit, activated, token, wanted: reject ? 'reject' : 'confirm' };
  const timeoutSeconds = machine.connection.connectTimeoutSeconds + 10;
  const options = { variables, fresh: true, signal, timeoutSeconds };
  const reply = await runScript(machine.asRegularUser(), script, options);
  return reply.text('answer') === 'confirm';
}
