import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';

const script = scriptFile('./confirm.sh', import.meta.url);

export interface Confirmation {
  unit: string;
  /** Path of the activated system or specialisation. */
  activated: string;
  token: string;
}

/**
 * Confirms the new system, or rejects it for a reason, over a new connection as the regular user: this proves that the machine
 * can still be reached. Returns false, and rejects, if the live system is not the activated one.
 * @throws FleetError unreachable, host-key, access-denied, cancelled
 */
export async function confirm(
  machine: Machine,
  { unit, activated, token }: Confirmation,
  signal?: AbortSignal,
  reason = '',
): Promise<boolean> {
  const variables = { unit, activated, token, reason };
  const timeoutSeconds = machine.connection.connectTimeoutSeconds + 10;
  const options = { variables, fresh: true, signal, timeoutSeconds };
  const reply = await runScript(machine.asRegularUser(), script, options);
  return reply.text('answer') === 'confirm';
}
