import type { DeploymentInputs } from '../../../schema/deployment.ts';
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
}

/**
 * Reboots the machine if machine-id and boot ID still match.
 * @param how `kexec` starts the loaded kernel; `reboot` goes through the firmware
 * @throws FleetError wrong-machine, reboot-failed
 */
export async function requestReboot(
  machine: Machine,
  { reading, signal }: RebootRequest,
  how: 'reboot' | 'kexec',
): Promise<void> {
  const variables = { machine_id: reading.machineId, boot_id: reading.bootId, how };
  const reply = await runScript(machine, script, { variables, signal });
  if (reply.exitCode === 0) return;
  if (reply.has('found')) throw wrongMachine(machine.name, reading.machineId, reply.text('found'));
  throw reply.error({
    code: 'reboot-failed',
    what: 'the reboot could not be started',
    fix: 'Check systemd on the machine: systemctl list-jobs',
  });
}
