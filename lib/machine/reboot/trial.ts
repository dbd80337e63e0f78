import { randomBytes } from 'node:crypto';
import { FleetError, hasCode } from '../../base/errors.ts';
import { shellVariables } from '../../base/quote.ts';
import { until } from '../../base/until.ts';
import { longestCheckSeconds, runHealthChecks } from '../health/health-checks.ts';
import type { MachineReading } from '../parse-reading.ts';
import { profilePath, readMachine } from '../read-machine.ts';
import { type ActivationResult, activationResult } from '../record/result.ts';
import { Reply } from '../script/reply.ts';
import { prelude, scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';
import type { RebootRequest } from './request.ts';
import { waitForNextBoot } from './wait.ts';

const armScript = scriptFile('./arm.sh', import.meta.url);
const answerScript = scriptFile('./answer.sh', import.meta.url);
const resultScript = scriptFile('./trial-result.sh', import.meta.url);
/** Files that a trial leaves on the machine, by the names of the variables that bring them. */
const files = {
  prelude,
  trial: scriptFile('./trial.sh', import.meta.url),
  result: scriptFile('../switch/result.sh', import.meta.url),
  grub_entry: scriptFile('./grub-entry.awk', import.meta.url),
};

/** A trial that the next boot begins. */
export interface ArmedTrial {
  /** Names its result on the machine. */
  unit: string;
  token: string;
  by: 'systemd-boot' | 'grub' | 'kexec';
  /** Store path of the system that the boot loader goes on starting. */
  previous: string;
}

/** Seconds that the machine waits longer for a confirmation than the operator's side tries to give it. */
const marginSeconds = 60;

/** How long a machine waits in the boot on trial to be confirmed, in seconds. */
function limitSeconds({ rebootTimeoutSeconds, healthChecks }: RebootRequest): number {
  return rebootTimeoutSeconds + longestCheckSeconds(healthChecks ?? {}) + marginSeconds;
}

/**
 * Picks the system for the next boot alone, and leaves on the machine what goes back from it; or tells why that is not
 * possible there.
 */
export async function armTrial(
  machine: Machine,
  request: RebootRequest,
): Promise<ArmedTrial | { why: string }> {
  const { system, revision, profile, by, previous, reading, rebootBy, signal } = request;
  const token = randomBytes(16).toString('hex');
  const unit = `nixos-fleet-trial-${new Date().toISOString().replace(/[-:]/g, '').slice(0, 15)}-${token.slice(0, 6)}`;
  const parameters = shellVariables({
    unit,
    host: machine.name,
    system,
    previous,
    profile: profilePath(profile),
    revision,
    by,
    token,
    limit_seconds: limitSeconds(request),
    boot_id: reading.bootId,
    kexec: rebootBy === 'kexec' ? 'yes' : '',
  });
  const variables = { ...files, parameters };
  const reply = await runScript(machine, armScript, { variables, signal, timeoutSeconds: 600 });
  if (reply.text('state') !== 'armed') return { why: reply.why('state') };
  return { unit, token, by: reply.text('by') as ArmedTrial['by'], previous: reply.text('previous') };
}

/**
 * Waits for the boot on trial, confirms it where it is on the asked system and healthy, and returns what the machine says
 * afterwards.
 * @throws FleetError trial-failed where it fell back; health-check-failed where it was sent back
 */
export async function followTrial(
  machine: Machine,
  request: RebootRequest,
  trial: ArmedTrial,
): Promise<MachineReading> {
  const { name: host } = machine;
  const { system, profile, reading, healthChecks, signal, status } = request;
  const waiting = { ...request, timeoutSeconds: request.rebootTimeoutSeconds };
  const back = await waitForNextBoot(machine, { ...waiting, before: reading });
  if (typeof back === 'string') {
    // Its dead-man's timer, or its console's watcher, may bring it back yet.
    status(`not back in time (${back}): waiting for it to fall back`);
    // That long it may wait to be confirmed, and then it boots again.
    const timeoutSeconds = limitSeconds(request) + request.rebootTimeoutSeconds;
    const later = await waitForNextBoot(machine, { ...request, timeoutSeconds, before: reading });
    if (typeof later === 'string') throw lost(host, request, later);
    return await judge(later);
  }
  return await judge(back);

  async function judge(now: MachineReading): Promise<MachineReading> {
    if (now.booted !== system) throw fellBack(host, request, now, await resultOf(machine, request, trial));
    const unhealthy = await runHealthChecks(machine, healthChecks ?? {}, { signal, onLine: status });
    if (unhealthy.length > 0) {
      await answer(machine, request, trial, `not healthy: ${unhealthy.join('; ')}`);
      const after = await waitForNextBoot(machine, { ...waiting, before: now });
      if (typeof after !== 'string') await resultOf(machine, request, trial);
      throw sentBack(host, unhealthy, typeof after === 'string' ? undefined : after);
    }
    await answer(machine, request, trial);
    const { result, log } = await resultOf(machine, request, trial);
    if (result.outcome !== 'confirmed') throw notKept(host, log);
    return await readMachine(machine, { profile, signal });
  }
}

/** Confirms, or with a reason rejects, over a connection of its own. */
async function answer(
  machine: Machine,
  { system, signal }: RebootRequest,
  { token }: ArmedTrial,
  reason?: string,
): Promise<void> {
  const variables = {
    system,
    answer: reason === undefined ? 'confirm' : 'reject',
    text: (reason ?? token).replaceAll('\n', ' '),
  };
  const reply = await runScript(machine, answerScript, { variables, signal, fresh: true });
  if (reply.isWhole) return;
  throw reply.error({
    code: 'trial-failed',
    what: 'the boot on trial could not be confirmed',
    fix: 'It goes back to the system before by itself. Then deploy again.',
  });
}

/** Waits for what the machine says of the trial's end. */
async function resultOf(
  machine: Machine,
  { signal }: RebootRequest,
  { unit }: ArmedTrial,
): Promise<{ result: ActivationResult; log: string }> {
  const options = { variables: { unit }, signal };
  const look = async () => {
    const reply = await runScript(machine, resultScript, options).catch((error: unknown) => {
      if (hasCode(error, 'unreachable')) return new Reply(machine.name, {});
      throw error;
    });
    const result = reply.json('result', activationResult);
    return result && { result, log: (reply.decoded('log') ?? '').trim() };
  };
  const found = await until(look, { limitSeconds: 300, intervalSeconds: 0.5, signal });
  if (found) return found;
  throw new FleetError({
    code: 'trial-failed',
    what: 'the machine does not report how the boot on trial ended',
    host: machine.name,
    fix: 'Look at it: systemctl status nixos-fleet-trial.service',
  });
}

function fellBack(
  host: string,
  { system }: RebootRequest,
  now: MachineReading,
  { log }: { log: string },
): FleetError {
  return new FleetError({
    code: 'trial-failed',
    what: 'the new system did not come up; the machine is back on the system before, by itself',
    host,
    why: [
      `it runs ${now.booted}, kernel ${now.kernel}, and not ${system}`,
      log || 'the failed boot left no word on the machine',
    ]
      .filter(Boolean)
      .join('\n'),
    fix: 'Look at the machine’s console of that boot. `rehearse: true` boots a system in a virtual machine first.',
  });
}

function sentBack(host: string, unhealthy: readonly string[], after: MachineReading | undefined): FleetError {
  return new FleetError({
    code: 'health-check-failed',
    what: 'the machine came up on the new system and was not healthy; it was sent back',
    host,
    why: [...unhealthy, after ? `the machine is back on ${after.booted}` : 'it has not come back yet'].join(
      '\n',
    ),
    fix: 'Mend what the checks name, then deploy again.',
  });
}

function notKept(host: string, log: string): FleetError {
  return new FleetError({
    code: 'activation-failed',
    what: 'the machine came up on the new system, but the boot loader could not be set to it',
    host,
    why: log,
    fix: 'Look at the log: is there room in /boot? The next boot is that of the system before.',
  });
}

function lost(host: string, { rebootTimeoutSeconds }: RebootRequest, seen: string): FleetError {
  return new FleetError({
    code: 'reboot-failed',
    what: `the machine was not back within ${rebootTimeoutSeconds} s after its reboot, and has not fallen back either`,
    host,
    why: seen,
    fix: 'Look at its console. A boot that hangs is ended by a hardware watchdog alone, or by hand; the next one is of the system before.',
  });
}
