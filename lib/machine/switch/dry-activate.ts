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
 * Has a system that is in the machine's store say what a switch to it would do: which units it would stop, restart and
 * start. Changes nothing.
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
  const said = result.stdout.trim();
  if (result.exitCode === 0) {
    note([`${host}: what a switch would do:`, ...said.split('\n')].join('\n  '));
    return;
  }
  throw new FleetError({
    code: 'activation-failed',
    what: 'the new system could not tell what a switch to it would do',
    host,
    why: [`exit code ${result.exitCode}`, said].filter(Boolean).join('\n'),
    fix: 'Nothing was changed. Fix what is named, then deploy again.',
  });
}
