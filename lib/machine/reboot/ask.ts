import type { Connection } from '../../../schema/connection.ts';
import { FleetError } from '../../base/errors.ts';
import { wrongMachine } from '../guard.ts';
import { shellVariables } from '../ssh/quote.ts';
import { runOnMachine } from '../ssh/run.ts';
import type { RebootRequest } from './request.ts';

/**
 * Has the very machine and boot that were read go down and come up again.
 * @param how `kexec` starts the kernel that was loaded; `reboot` goes through the firmware
 * @throws FleetError wrong-machine, reboot-failed
 */
export async function askForReboot(
  connection: Connection,
  { host, reading, signal }: RebootRequest,
  how: 'reboot' | 'kexec',
): Promise<void> {
  const script = `${shellVariables({ machine_id: reading.machineId, boot_id: reading.bootId, how })}
[ "$(cat /etc/machine-id)" = "$machine_id" ] || { echo "found=$(cat /etc/machine-id)"; exit 3; }
[ "$(cat /proc/sys/kernel/random/boot_id)" = "$boot_id" ] || exit 0
exec systemctl --no-block "$how"
`;
  const { exitCode, stdout, stderr } = await runOnMachine(connection, host, script, { signal });
  if (exitCode === 0) return;
  const found = /^found=(.*)$/m.exec(stdout)?.[1];
  if (found !== undefined) throw wrongMachine(host, reading.machineId, found);
  throw new FleetError({
    code: 'reboot-failed',
    what: 'the machine did not begin to reboot',
    host,
    why: stderr.trim() || `exit code ${exitCode}`,
    fix: 'Look at systemd on the machine: systemctl list-jobs',
  });
}
