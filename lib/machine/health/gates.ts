import type { Gate } from '../../../schema/rollout.ts';
import { FleetError, isFailure } from '../../base/errors.ts';
import { mapValues } from '../../base/map-values.ts';
import { runToEnd } from '../../base/process/run.ts';
import { machineAt } from '../ssh/machine-at.ts';
import { type Attempt, outputOf, tryHttp } from './attempts.ts';
import { attemptOf, type CheckOptions, passAll } from './health-checks.ts';

/** Checks all gates in parallel, each until it holds or its timeout is over. Returns one message per gate that does not hold. */
export async function checkGates(
  gates: Readonly<Record<string, Gate>>,
  options: CheckOptions = {},
): Promise<string[]> {
  const attempts = mapValues(gates, (gate) => ({ check: gate.check, attempt: () => attemptAt(gate) }));
  return await passAll('gate', attempts, options);
}

async function attemptAt({ check, on, connection }: Gate): Promise<Attempt> {
  if (on !== undefined && connection) return await attemptOf(machineAt(on, connection), check);
  if (check.command !== undefined) return tryHere(check.command);
  if (check.http) return tryHttp(check.http.url, check.http.status);
  throw new FleetError({
    code: 'config-invalid',
    what: 'a gate has no machine',
    fix: 'Name a host with `on`; only a command and a whole URL go without.',
  });
}

/** Passes if a shell command on this computer exits with 0. */
function tryHere(command: string): Attempt {
  return async (limitSeconds, signal) => {
    try {
      const { exitCode, stdout, stderr } = await runToEnd('sh', ['-c', command], {
        timeoutSeconds: limitSeconds,
        signal,
      });
      return exitCode === 0 ? undefined : outputOf(`exit code ${exitCode}`, stdout + stderr);
    } catch (error) {
      if (!isFailure(error)) throw error;
      return error.why ?? error.message;
    }
  };
}
