import { mapValues } from '../../../lib/base/map-values.ts';
import { checkGates } from '../../../lib/machine/health/gates.ts';
import { longestCheckSeconds } from '../../../lib/machine/health/health-checks.ts';
import type { Agreement } from '../../../lib/machine/switch/activate.ts';
import type { DeploymentInputs } from '../../../schema/deployment.ts';
import type { Context } from '../../resource.ts';

/**
 * Deploys when it is the machine's turn in its wave.
 * @throws FleetError wave-stopped
 */
export async function inWave<T>(context: Context, work: () => Promise<T>): Promise<T> {
  const { name, rollout, signal, status } = context;
  if (rollout.waveOf(name)?.atOnce) status('waiting for its turn in the wave');
  const leave = await rollout.enter(name, signal);
  try {
    return await work();
  } finally {
    leave();
  }
}

/** How the machine agrees with the others of a wave that is switched together. */
export function agreementOf(
  { activationTimeoutSeconds, confirmTimeoutSeconds }: DeploymentInputs,
  { name, rollout, signal, status }: Context,
): Agreement | undefined {
  const wave = rollout.waveOf(name);
  if (!wave?.together) return undefined;
  const longestGate = longestCheckSeconds(mapValues(wave.gates, ({ check }) => check));
  return {
    // The systems were delivered before: what takes time is the other machines' activation.
    seconds: activationTimeoutSeconds + confirmTimeoutSeconds + longestGate,
    reach: async () => {
      status('active; waiting for the other machines of the wave');
      return await rollout.agree(name, ({ gates }) => checkGates(gates, { signal, onLine: status }), signal);
    },
  };
}
