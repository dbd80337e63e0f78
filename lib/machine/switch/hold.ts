import { hasCode } from '../../base/errors.ts';
import { until } from '../../base/until.ts';
import { type ActivationResult, activationResult } from '../record/result.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';
import type { Parameters } from './start-script.ts';

const waitScript = scriptFile('./until-held.sh', import.meta.url);
const endScript = scriptFile('./end-hold.sh', import.meta.url);

/**
 * Waits until a machine's lock is held for this deployment. Returns the result where it was refused instead: by
 * `switch-to-configuration check`, or as another deployment was quicker.
 */
export async function untilHeld(
  machine: Machine,
  { unit, activationSeconds }: Parameters,
): Promise<ActivationResult | undefined> {
  const options = { variables: { unit }, timeoutSeconds: activationSeconds + 30 };
  const reply = await runScript(machine, waitScript, options);
  return reply.json('result', activationResult);
}

/**
 * Reports how the switch ended, and returns the result as the machine recorded it. A machine that cannot be reached is tried again
 * for as long as a confirmation may take: its network may be restarting.
 * @throws FleetError unreachable, command-failed
 */
export async function endHold(
  machine: Machine,
  { unit, confirmSeconds }: Parameters,
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
        what: 'how the switch ended could not be recorded on the machine',
        fix: `nixos-rebuild ended with ${exitCode ?? 'no exit code'}. \`pulumi refresh\` tells what the machine runs.`,
      } as const;
      throw reply.error(details, 'result');
    } catch (error) {
      if (!hasCode(error, 'unreachable')) throw error;
      unreachable = error;
      return undefined;
    }
  };
  const result = await until(record, { limitSeconds: confirmSeconds, intervalSeconds: 0.5 });
  if (result) return result;
  throw unreachable;
}
