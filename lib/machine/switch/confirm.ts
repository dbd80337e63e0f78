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
 * Confirms the new system, or rejects it for a reason, over a new connection as the regular user: this proves that the machine can
 * still be reached. Returns the answer that the supervisor got: a rejection if the live system is not the activated one.
 * @throws FleetError unreachable if the answer did not arrive, host-key, access-denied, cancelled
 */
export async function confirm(
  machine: Machine,
  { unit, activated, token }: Confirmation,
  signal?: AbortSignal,
  reason = '',
): Promise<'confirm' | 'reject'> {
  const variables = { unit, activated, token, reason };
  const timeoutSeconds = machine.connection.connectTimeoutSeconds + 10;
  const options = { variables, fresh: true, signal, timeoutSeconds };
  const reply = await runScript(machine.asRegularUser(), script, options);
  const answer = reply.text('answer');
  if (answer === 'confirm' || answer === 'reject') return answer;
  throw reply.error({ code: 'unreachable', what: 'the confirmation could not be written' }, 'answer');
}
