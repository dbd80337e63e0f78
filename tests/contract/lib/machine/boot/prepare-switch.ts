/** The supervisor's files on a machine of files, and the operator's answer to it. */
import { startVariables } from '../../../../../lib/machine/switch/start-script.ts';
import { deploymentSettings } from '../../../../../schema/deployment.ts';
import type { BootMachine } from './boot-machine.ts';

/** Folder of the switch. */
export const folder = 'run/nixos-fleet/units/u';

/** Writes the files of a switch to `system`, with the operator's answer, as start.sh and the operator do. */
export function prepareSwitch(
  machine: BootMachine,
  system: string,
  settings: object,
  answer: 'confirm' | 'reject',
): void {
  const variables = startVariables(
    {
      ...deploymentSettings.parse(settings),
      ...{ unit: 'u', host: 'web', system, by: 'ann', token: 't', machineId: 'm' },
      expectedLive: '',
      ownership: { claim: 'c', urn: 'urn:pulumi:dev::fleet::nixos:index:Deployment::web' },
      ...{ activationSeconds: 60, confirmSeconds: 0 },
    },
    { host: 'web', system, revision: '', by: 'ann', at: 'now' },
  );
  const files = {
    prelude: 'prelude.sh',
    supervisor: 'supervisor.sh',
    result: 'result.sh',
    finish: 'finish.sh',
    recover: 'recover.sh',
    lock_script: 'lock.sh',
    boot_state: 'boot-state.sh',
    parameters: 'parameters',
  };
  for (const [name, file] of Object.entries(files))
    machine.write(`${folder}/${file}`, String(variables[name]));
  machine.write(`${folder}/${answer}`, answer === 'confirm' ? 't' : 'unhealthy');
}
