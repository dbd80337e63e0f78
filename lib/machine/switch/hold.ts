import { until } from '../../base/until.ts';
import { isNoAnswer } from '../follow/situations.ts';
import { type ActivationResult, activationResult } from '../record/result.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';
import type { SwitchParameters } from './start-script.ts';

const waitScript = scriptFile('./wait-for-hold.sh', import.meta.url);
const endScript = scriptFile('./end-hold.sh', import.meta.url);

/**
 * Waits until the supervisor holds the machine's lock for nixos-rebuild. Returns a result if it was refused instead: by
 * `switch-to-configuration check`, or because another deployment holds the lock.
 */
export async function waitForHold(
  machine: Machine,
  { unit, activationSeconds }: SwitchParameters,
): Promise<ActivationResult | undefined> {
  const options = { variables: { unit }, timeoutSeconds: activationSeconds + 30 };
  const reply = await runScript(machine, waitScript, options);
  return reply.json('result', activationResult);
}

/**
 * Reports the outcome of nixos-rebuild to the supervisor, and returns the result that it recorded. Retries an unreachable machine
 * for `confirmSeconds`, since its network may be restarting.
 * @throws FleetError unreachable, command-failed
 */
export async function endHold(
  machine: Machine,
  { unit, confirmSeconds }: SwitchParameters,
  { outcome, exitCode, log }: Pick<ActivationResult, 'outcome' | 'exitCode'> & { log: string },
): Promise<ActivationResult> {
  const variables = { unit, outcome, exit_code: exitCode ?? 'null', log };
  let unreachable: unknown;
  const record = async () => {
    try {
      const reply = await runScript(machine, endScript, { variables, fresh: true });
      const result = reply.json('result', activationResult);
      if (result) return result;
      const details = {
        code: 'command-failed',
        what: 'the outcome of the switch could not be recorded on the machine',
        fix: `nixos-rebuild exited with ${exitCode === null ? 'no exit code' : `code ${exitCode}`}. Run \`pulumi refresh\` to read the live system.`,
      } as const;
      throw reply.error(details, 'result');
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
      unreachable = error;
      return undefined;
    }
  };
  const result = await until(record, { limitSeconds: confirmSeconds, intervalSeconds: 0.5 });
  if (result) return result;
  throw unreachable;
}
