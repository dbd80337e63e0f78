import { FleetError } from '../../base/errors.ts';
import { inProgress } from '../guard.ts';
import { runHealthChecks } from '../health/health-checks.ts';
import { type MachineReading, parseHolder } from '../parse-reading.ts';
import { profilePath } from '../read-machine.ts';
import { bootStateScript, lockScript, scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';
import { type RebootRequest, requestReboot } from './request-reboot.ts';
import { armTrial, disarmTrial, followTrial } from './trial.ts';
import { waitForNextBoot } from './wait.ts';

const bootDefault = lockScript + bootStateScript + scriptFile('./boot-default.sh', import.meta.url);

/**
 * Reboots a machine into a system, on trial if configured and possible. Returns a new reading once the machine has booted that
 * system and its health checks pass.
 * @throws FleetError trial-failed, reboot-failed, health-check-failed, wrong-machine, cancelled
 */
export async function reboot(machine: Machine, request: RebootRequest): Promise<MachineReading> {
  const { name: host } = machine;
  const { trial, reading, warn, status } = request;
  // A container has no kernel of its own to try.
  if (trial === 'never' || reading.container) return await plainReboot(machine, request);
  const armed = await armTrial(machine, request);
  if ('unit' in armed) {
    status(`rebooting on trial (${armed.by}): the boot loader keeps starting ${armed.previous}`);
    const how = armed.by === 'kexec' ? 'kexec' : 'reboot';
    const waiting = await requested(machine, request, how).catch(async (error: unknown) => {
      await disarmTrial(machine, request, armed);
      throw error;
    });
    return await followTrial(machine, waiting, armed);
  }
  if (trial === 'required') throw trialImpossible(host, armed.why);
  warn(
    `${host} is rebooted without a trial, so it does not fall back from a kernel that fails to boot: ${armed.why}`,
  );
  return await plainReboot(machine, request);
}

/** Reboots without a fallback: the system becomes the boot loader's default first. */
async function plainReboot(machine: Machine, request: RebootRequest): Promise<MachineReading> {
  const { name: host } = machine;
  const { system, reading, healthChecks, rebootTimeoutSeconds, signal, status } = request;
  await setBootDefault(machine, request);
  status('rebooting the machine');
  const waiting = {
    ...(await requested(machine, request, 'reboot')),
    before: reading,
    timeoutSeconds: rebootTimeoutSeconds,
  };
  const back = await waitForNextBoot(machine, waiting);
  if (typeof back === 'string') throw notBackInTime(host, request, back);
  if (back.booted !== system) throw wrongSystem(host, request, back);
  const unhealthy = await runHealthChecks(machine, healthChecks ?? {}, { signal, onLine: status });
  if (unhealthy.length === 0) return back;
  throw new FleetError({
    code: 'health-check-failed',
    what: 'the machine was rebooted into the new system, and its health checks failed',
    host,
    why: unhealthy.join('\n'),
    fix: 'The new system stays live. Fix what the checks report and deploy again, or boot an earlier generation.',
  });
}

/** Requests the reboot. A request that was not answered is repeated while the machine stays in its boot. */
async function requested(
  machine: Machine,
  request: RebootRequest,
  how: 'reboot' | 'kexec',
): Promise<RebootRequest> {
  const ask = () => requestReboot(machine, request, how);
  return (await ask()) ? request : { ...request, requestAgain: ask };
}

/** Makes the system the boot loader's default, and cancels what was to boot once, such as a trial that was never started. */
async function setBootDefault(machine: Machine, request: RebootRequest): Promise<void> {
  const { system, profile, by, signal } = request;
  const variables = { system, profile: profilePath(profile), by };
  const reply = await runScript(machine, bootDefault, { variables, signal, timeoutSeconds: 600 });
  if (reply.text('state') === 'set') return;
  if (reply.text('state') === 'busy') throw inProgress(machine.name, parseHolder(reply));
  throw new FleetError({
    code: 'activation-failed',
    what: 'the boot loader could not be set to the new system, so the machine was not rebooted',
    host: machine.name,
    why: [reply.why('state'), reply.decoded('log')?.trim()].filter(Boolean).join('\n'),
    fix: 'Read the log. Check the free space in /boot.',
  });
}

function trialImpossible(host: string, why: string): FleetError {
  return new FleetError({
    code: 'reboot-failed',
    what: 'the machine was not rebooted: its boot loader cannot boot a system on trial',
    host,
    why,
    fix: 'Fix that, or set trial: when-possible to reboot without a trial. The boot loader still starts the previous system.',
  });
}

function notBackInTime(host: string, { rebootTimeoutSeconds }: RebootRequest, seen: string): FleetError {
  return new FleetError({
    code: 'reboot-failed',
    what: `the machine was not back within ${rebootTimeoutSeconds} s after its reboot`,
    host,
    why: seen,
    fix: 'Check its console. If it only boots slowly, raise rebootTimeoutSeconds. Once it is back, run `pulumi refresh` to read its live system.',
  });
}

function wrongSystem(host: string, { system }: RebootRequest, back: MachineReading): FleetError {
  return new FleetError({
    code: 'reboot-failed',
    what: 'the machine did not boot the desired system',
    host,
    why: `it booted ${back.booted || 'an unknown system'}\nthe desired system is ${system}`,
    fix: 'Check its boot loader (bootctl list) or its console.',
  });
}
