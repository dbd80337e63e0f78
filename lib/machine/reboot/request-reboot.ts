import type { DeploymentInputs } from '../../../schema/deployment.ts';
import { isNoAnswer } from '../follow/situations.ts';
import { wrongMachine } from '../guard.ts';
import type { MachineReading } from '../parse-reading.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';

const script = scriptFile('./reboot.sh', import.meta.url);

/** A reboot into a system that is in the machine's store and profile. */
export interface RebootRequest
  extends Pick<
    DeploymentInputs,
    'system' | 'revision' | 'profile' | 'rebootBy' | 'trial' | 'rebootTimeoutSeconds' | 'healthChecks'
  > {
  /** The reading before the reboot. */
  reading: MachineReading;
  /** Store path of the system that was live before the deployment; empty if unknown. */
  previous: string;
  /** Who deploys. */
  by: string;
  signal?: AbortSignal;
  status: (line: string) => void;
  warn: (line: string) => void;
  /** Requests the reboot again; undefined if the machine has answered. */
  requestAgain?: (() => Promise<boolean>) | undefined;
}

/**
 * Reboots the machine if machine-id and boot ID still match. Returns whether it has answered: it may go down before it does.
 * @param how `kexec` starts the loaded kernel; `reboot` goes through the firmware
 * @throws FleetError wrong-machine, reboot-failed
 */
export async function requestReboot(
  machine: Machine,
  { reading, signal, status }: RebootRequest,
  how: 'reboot' | 'kexec',
): Promise<boolean> {
  const variables = { machine_id: reading.machineId, boot_id: reading.bootId, how };
  const reply = await runScript(machine, script, { variables, signal }).catch((error: unknown) => {
    if (!isNoAnswer(error)) throw error;
    status(`the request to reboot was not answered: ${error.why ?? error.message}`);
    return undefined;
  });
  if (!reply) return false;
  if (reply.exitCode === 0) return true;
  if (reply.has('found')) throw wrongMachine(machine.name, reading.machineId, reply.text('found'));
  throw reply.error({
    code: 'reboot-failed',
    what: 'the reboot could not be started',
    fix: 'Check systemd on the machine: systemctl list-jobs',
  });
}
