import type { DeploymentInputs } from '../../../schema/deployment.ts';
import { shellVariables } from '../../base/quote.ts';
import { type Ownership, ownershipScript } from '../ownership/ownership.ts';
import { profilePath } from '../read-machine.ts';
import type { DeploymentRecord } from '../record/record.ts';
import {
  bootStateScript,
  lockScript,
  moduleScript,
  prelude,
  type ScriptData,
  scriptFile,
} from '../script/text.ts';
import { activatedPath } from './goal.ts';
import { recordScript, recordVariables } from './record-script.ts';

/** The inputs of a deployment that concern the switch. */
export type SwitchSettings = Pick<
  DeploymentInputs,
  | 'system'
  | 'action'
  | 'specialisation'
  | 'profile'
  | 'installBootLoader'
  | 'reboot'
  | 'trial'
  | 'unitFailures'
  | 'via'
>;

export interface SwitchParameters extends SwitchSettings {
  /** The host's name, recorded on the machine. */
  host: string;
  unit: string;
  by: string;
  /** The confirmation must contain it, so that one left over from another deployment is ignored. */
  token: string;
  machineId: string;
  /** What must be live when the switch begins, unless it is the new system; empty for anything. */
  expectedLive: string;
  ownership: Ownership;
  activationSeconds: number;
  confirmSeconds: number;
}

/** Free space required before an activation, in KiB. */
const reserveKib = 16 * 1024;

/**
 * Starts a switch: runs the checks that precede any change, adds the gc root and record of the system, and starts the supervisor.
 * Prints `state=started` or the reason of a refusal.
 */
export const startScript =
  lockScript +
  bootStateScript +
  ownershipScript +
  scriptFile('./inhibitors.sh', import.meta.url) +
  scriptFile('./boot-room.sh', import.meta.url) +
  scriptFile('./check.sh', import.meta.url) +
  recordScript +
  scriptFile('./start.sh', import.meta.url);

/** Files that the supervisor sources, by the variables that contain them. */
const files = {
  prelude,
  lock_script: lockScript,
  boot_state: bootStateScript,
  supervisor: moduleScript('supervisor.sh'),
  result: moduleScript('result.sh'),
  finish: moduleScript('finish.sh'),
  recover: moduleScript('recover.sh'),
};
const hold = scriptFile('./hold.sh', import.meta.url);

/** Variables of `startScript`. */
export function startVariables(
  parameters: SwitchParameters,
  record: DeploymentRecord,
): NonNullable<ScriptData['variables']> {
  const { unit, host, system, action, by, token, machineId, activationSeconds, confirmSeconds } = parameters;
  const activated = activatedPath(parameters);
  const isHeld = parameters.via === 'nixos-rebuild';
  const bootInstead = parameters.reboot === 'never' || isHeld ? '' : 'yes';
  const forSupervisor = shellVariables({
    unit,
    host,
    system,
    activated,
    profile: profilePath(parameters.profile),
    boot_instead: bootInstead,
    install_boot_loader: parameters.installBootLoader ? 1 : '',
    reboot: parameters.reboot,
    trial: parameters.reboot !== 'never' && parameters.trial !== 'never' ? 'yes' : '',
    revision: record.revision,
    by,
    token,
    activation_seconds: activationSeconds,
    confirm_seconds: confirmSeconds,
    unit_failures: parameters.unitFailures,
  });
  return {
    ...recordVariables(record, parameters.ownership),
    ...files,
    hold: isHeld ? hold : '',
    parameters: forSupervisor,
    mode: isHeld ? 'hold' : 'run',
    unit,
    system,
    activated,
    action,
    boot_instead: bootInstead,
    machine_id: machineId,
    expected_live: parameters.expectedLive,
    reserve: reserveKib,
    activation_seconds: activationSeconds,
  };
}
