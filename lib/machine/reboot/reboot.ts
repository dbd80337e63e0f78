import { FleetError } from '../../base/errors.ts';
import { runHealthChecks } from '../health/health-checks.ts';
import type { MachineReading } from '../parse-reading.ts';
import { scriptText, switchScript } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { askForReboot } from './ask.ts';
import type { RebootRequest } from './request.ts';
import { armTrial, followTrial } from './trial.ts';
import { waitForNextBoot } from './wait.ts';

/**
 * Reboots a machine into a system, on trial where that is asked for and possible, and returns what it says once it is back on
 * that system, with its health checks holding.
 * @throws FleetError trial-failed, reboot-failed, health-check-failed, wrong-machine, cancelled
 */
export async function reboot(machine: Machine, request: RebootRequest): Promise<MachineReading> {
  const { name: host } = machine;
  const { trial, reading, warn, status } = request;
  // A container boots no kernel of its own: there is nothing to try.
  if (trial === 'never' || reading.container) return await plainReboot(machine, request);
  const armed = await armTrial(machine, request);
  if ('unit' in armed) {
    status(`rebooting on trial (${armed.by}): the boot loader goes on starting ${armed.previous}`);
    await askForReboot(machine, request, armed.by === 'kexec' ? 'kexec' : 'reboot');
    return await followTrial(machine, request, armed);
  }
  if (trial === 'required') throw notPossible(host, armed.why);
  warn(`${host} is rebooted without a trial, so a kernel that does not come up stays: ${armed.why}`);
  return await plainReboot(machine, request);
}

/** Without a way back: the system is what the boot loader starts from now on. */
async function plainReboot(machine: Machine, request: RebootRequest): Promise<MachineReading> {
  const { name: host } = machine;
  const { system, reading, healthChecks, rebootTimeoutSeconds, signal, status } = request;
  await makeDefault(machine, request);
  status('rebooting the machine');
  await askForReboot(machine, request, 'reboot');
  const waiting = { ...request, before: reading, timeoutSeconds: rebootTimeoutSeconds };
  const back = await waitForNextBoot(machine, waiting);
  if (typeof back === 'string') throw notBack(host, request, back);
  if (back.booted !== system) throw onAnother(host, request, back);
  const unhealthy = await runHealthChecks(machine, healthChecks ?? {}, { signal, onLine: status });
  if (unhealthy.length === 0) return back;
  throw new FleetError({
    code: 'health-check-failed',
    what: 'the machine was rebooted into the new system and is not healthy',
    host,
    why: unhealthy.join('\n'),
    fix: 'It runs on as it is. Mend what the checks name and deploy again, or boot an earlier generation.',
  });
}

/** The supervisor left that to the trial. */
async function makeDefault(machine: Machine, { system, trial, signal }: RebootRequest): Promise<void> {
  if (trial === 'never') return;
  const text = scriptText(switchScript, { args: [system, 'boot'] });
  const { exitCode, stdout } = await machine.run(text, {
    signal,
    timeoutSeconds: 600,
  });
  if (exitCode === 0) return;
  throw new FleetError({
    code: 'activation-failed',
    what: 'the boot loader could not be set to the new system, so the machine was not rebooted',
    host: machine.name,
    why: stdout.trim().split('\n').slice(-15).join('\n'),
    fix: 'Look at the log: is there room in /boot?',
  });
}

function notPossible(host: string, why: string): FleetError {
  return new FleetError({
    code: 'reboot-failed',
    what: 'the machine was not rebooted: its boot loader cannot boot a system on trial',
    host,
    why,
    fix: 'Mend that, or set trial: when-possible to reboot without one. The boot loader starts the system before.',
  });
}

function notBack(host: string, { rebootTimeoutSeconds }: RebootRequest, seen: string): FleetError {
  return new FleetError({
    code: 'reboot-failed',
    what: `the machine was not back within ${rebootTimeoutSeconds} s after its reboot`,
    host,
    why: seen,
    fix: 'Look at its console. If it only boots slowly, raise rebootTimeoutSeconds; when it is back, `pulumi refresh` tells what it runs.',
  });
}

function onAnother(host: string, { system }: RebootRequest, back: MachineReading): FleetError {
  return new FleetError({
    code: 'reboot-failed',
    what: 'the machine came back on another system than the asked one',
    host,
    why: `it booted ${back.booted || 'an unknown system'}\nasked was ${system}`,
    fix: 'Look at its boot loader: bootctl list, or the console.',
  });
}
