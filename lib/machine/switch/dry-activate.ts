import type { DeploymentInputs } from '../../../schema/deployment.ts';
import { FleetError } from '../../base/errors.ts';
import { scriptText, switchScript } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { activatedPath } from './goal.ts';

export interface DryActivation
  extends Pick<DeploymentInputs, 'system' | 'specialisation' | 'activationTimeoutSeconds'> {
  signal?: AbortSignal;
  note: (line: string) => void;
}

/**
 * Reports which units a switch to a system in the machine's store would stop, restart and start. Changes nothing.
 * @throws FleetError activation-failed, and those of a connection
 */
export async function dryActivate(machine: Machine, request: DryActivation): Promise<void> {
  const { name: host } = machine;
  const { activationTimeoutSeconds, signal, note } = request;
  const text = scriptText(switchScript, { args: [activatedPath(request), 'dry-activate'] });
  const result = await machine.run(text, {
    signal,
    timeoutSeconds: activationTimeoutSeconds,
  });
  const output = result.stdout.trim();
  if (result.exitCode === 0) {
    note([`${host}: a switch would make these changes:`, ...output.split('\n')].join('\n  '));
    return;
  }
  throw new FleetError({
    code: 'activation-failed',
    what: 'dry activation of the new system failed',
    host,
    why: [`exit code ${result.exitCode}`, output].filter(Boolean).join('\n'),
    fix: 'Nothing was changed. Fix the reported problem, then deploy again.',
  });
}
