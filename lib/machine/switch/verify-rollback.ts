import type { Clock } from '../../base/clock.ts';
import { isFailure } from '../../base/errors.ts';
import { until } from '../../base/until.ts';
import { readMachine } from '../read-machine.ts';
import type { ActivationResult } from '../record/result.ts';
import type { Machine } from '../ssh/machine.ts';

/** How long a machine may be unreachable after a rollback: sshd is restarted, in seconds. */
const limitSeconds = 60;

/**
 * Verifies a rollback that the machine reports, over a fresh connection, as the user who began it: in a first deployment that may be
 * the bootstrap user alone. Returns what is wrong; undefined if the previous system is live and can be reached, or nothing was rolled
 * back.
 */
export async function verifyRollback(
  machine: Machine,
  { wentBack, previous, action }: Pick<ActivationResult, 'wentBack' | 'previous' | 'action'>,
  { signal, clock }: { signal?: AbortSignal | undefined; clock?: Clock | undefined } = {},
): Promise<string | undefined> {
  if (wentBack !== 'yes') return undefined;
  let wrong: string | undefined;
  const verified = await until(
    async () => {
      try {
        const { current } = await readMachine(machine, {
          fresh: true,
          signal,
          timeoutSeconds: 20,
        });
        wrong = action === 'boot' || current === previous ? undefined : `it runs ${current || 'no system'}`;
        return true;
      } catch (error) {
        if (!isFailure(error)) throw error;
        wrong = `it cannot be reached over a fresh connection: ${error.why ?? error.message}`;
        return false;
      }
    },
    { limitSeconds, intervalSeconds: 0.5, signal, clock },
  );
  return verified ? wrong : (wrong ?? 'it cannot be reached over a fresh connection');
}
