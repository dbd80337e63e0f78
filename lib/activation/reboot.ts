import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../schema/connection.ts';
import type { DeploymentInputs } from '../../schema/deployment.ts';
import { FleetError } from '../errors.ts';
import { runHealthChecks } from '../health/health-checks.ts';
import { wrongMachine } from '../machine/guard.ts';
import type { MachineReading } from '../machine/parse-reading.ts';
import { readMachine } from '../machine/read-machine.ts';
import { shellVariables } from '../ssh/quote.ts';
import { closeConnection, runOnMachine } from '../ssh/run.ts';

export interface RebootRequest
  extends Pick<DeploymentInputs, 'host' | 'system' | 'profile' | 'rebootTimeoutSeconds' | 'healthChecks'> {
  /** The machine as it is before. */
  reading: MachineReading;
  signal?: AbortSignal;
  status: (line: string) => void;
}

/** Seconds between two attempts to reach a machine that boots. */
const pauseSeconds = 0.5;

/**
 * Reboots a machine and returns what it says once it is back, on the asked system, with its health checks holding.
 * @throws FleetError reboot-failed, health-check-failed, wrong-machine, cancelled
 */
export async function reboot(connection: Connection, request: RebootRequest): Promise<MachineReading> {
  const { host, system, healthChecks, signal, status } = request;
  status('rebooting the machine');
  await askForReboot(connection, request);
  await closeConnection(connection);
  const back = await waitUntilBack(connection, request);
  if (back.booted !== system) throw onAnother(request, back);
  const unhealthy = await runHealthChecks(connection, host, healthChecks ?? {}, { signal, onLine: status });
  if (unhealthy.length === 0) return back;
  throw new FleetError({
    code: 'health-check-failed',
    what: 'the machine was rebooted into the new system and is not healthy',
    host,
    why: unhealthy.join('\n'),
    mend: 'It runs on as it is. Mend what the checks name and deploy again, or boot an earlier generation.',
  });
}

/** Asks for it on the very machine and boot that were read. */
async function askForReboot(connection: Connection, { host, reading, signal }: RebootRequest): Promise<void> {
  const script = `${shellVariables({ machine_id: reading.machineId, boot_id: reading.bootId })}
[ "$(cat /etc/machine-id)" = "$machine_id" ] || { echo "found=$(cat /etc/machine-id)"; exit 3; }
[ "$(cat /proc/sys/kernel/random/boot_id)" = "$boot_id" ] || exit 0
exec systemctl --no-block reboot
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
    mend: 'Look at systemd on the machine: systemctl list-jobs. The new system is the one it boots next.',
  });
}

async function waitUntilBack(
  connection: Connection,
  { host, reading, profile, rebootTimeoutSeconds, signal, status }: RebootRequest,
): Promise<MachineReading> {
  const end = performance.now() + rebootTimeoutSeconds * 1000;
  let seen = 'it never went down';
  for (;;) {
    const left = (end - performance.now()) / 1000;
    try {
      const timeoutSeconds = Math.max(1, Math.min(left, connection.connectTimeoutSeconds + 10));
      const now = await readMachine(connection, host, { profile, fresh: true, signal, timeoutSeconds });
      if (now.bootId !== reading.bootId) {
        if (now.machineId !== reading.machineId) throw wrongMachine(host, reading.machineId, now.machineId);
        status(`back after the reboot, on ${now.system}`);
        return now;
      }
    } catch (error) {
      if (!(error instanceof FleetError) || error.code === 'cancelled' || error.code === 'wrong-machine')
        throw error;
      if (seen !== error.why) status(`waiting for the machine: ${error.why ?? error.code}`);
      seen = error.why ?? error.message;
    }
    if (left <= 0) break;
    await sleep(pauseSeconds * 1000, undefined, { signal }).catch(() => undefined);
  }
  throw new FleetError({
    code: 'reboot-failed',
    what: `the machine was not back within ${rebootTimeoutSeconds} s after its reboot`,
    host,
    why: seen,
    mend: 'Look at its console. If it only boots slowly, raise rebootTimeoutSeconds; when it is back, `pulumi refresh` tells what it runs.',
  });
}

function onAnother({ host, system }: RebootRequest, back: MachineReading): FleetError {
  return new FleetError({
    code: 'reboot-failed',
    what: 'the machine came back on another system than the asked one',
    host,
    why: `it booted ${back.booted || 'an unknown system'}\nasked was ${system}`,
    mend: 'Look at its boot loader: bootctl list, or the console. It may have fallen back because the new system did not boot.',
  });
}
