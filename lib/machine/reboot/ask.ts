import { wrongMachine } from '../guard.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';
import type { RebootRequest } from './request.ts';

const script = scriptFile('./reboot.sh', import.meta.url);

/**
 * Reboots the machine if machine-id and boot ID still match.
 * @param how `kexec` starts the kernel that was loaded; `reboot` goes through the firmware
 * @throws FleetError wrong-machine, reboot-failed
 */
export async function askForReboot(
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
    what: 'the machine did not begin to reboot',
    fix: 'Look at systemd on the machine: systemctl list-jobs',
  });
}
