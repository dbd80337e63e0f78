import { randomBytes } from 'node:crypto';
import { FleetError } from '../../base/errors.ts';
import { shellVariables } from '../../base/quote.ts';
import { until } from '../../base/until.ts';
import { isNoAnswer } from '../follow/situations.ts';
import { inProgress } from '../guard.ts';
import { longestCheckSeconds, runHealthChecks } from '../health/health-checks.ts';
import { type MachineReading, parseHolder } from '../parse-reading.ts';
import { profilePath, readMachine } from '../read-machine.ts';
import { type ActivationResult, activationResult } from '../record/result.ts';
import { Reply } from '../script/reply.ts';
import { bootStateScript, lockScript, moduleScript, prelude, scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';
import type { RebootRequest } from './request-reboot.ts';
import { untilBack, waitForNextBoot } from './wait.ts';

/** Arms a trial, unless another or a deployment is under way. */
export const armScript = lockScript + bootStateScript + scriptFile('./arm.sh', import.meta.url);
const disarmScript = lockScript + bootStateScript + scriptFile('./disarm.sh', import.meta.url);
const answerScript = scriptFile('./answer.sh', import.meta.url);
const resultScript = scriptFile('./trial-result.sh', import.meta.url);
/** Files of a trial on the machine, by the variables that contain them. */
export const trialFiles = {
  prelude,
  trial: scriptFile('./trial.sh', import.meta.url),
  result: moduleScript('result.sh'),
  lock_script: lockScript,
  boot_state: bootStateScript,
};

/** A trial that starts with the next boot. */
export interface ArmedTrial {
  /** Name of its result on the machine. */
  unit: string;
  token: string;
  by: 'systemd-boot' | 'grub' | 'kexec';
  /** Store path of the system that the boot loader keeps starting. */
  previous: string;
}

/** How much longer the machine waits for a confirmation than the operator's side takes to send it, in seconds. */
const marginSeconds = 60;

/** How long the machine waits for a confirmation in the boot on trial, in seconds. */
function limitSeconds({ rebootTimeoutSeconds, healthChecks }: RebootRequest): number {
  return rebootTimeoutSeconds + longestCheckSeconds(healthChecks ?? {}) + marginSeconds;
}

/**
 * Selects the system for the next boot only, and installs the unit that falls back from it. Returns the reason if the machine
 * cannot do that.
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
    required: request.trial === 'required' ? 'yes' : '',
  });
  const variables = { ...trialFiles, unit, by, profile: profilePath(profile), parameters };
  const reply = await runScript(machine, armScript, { variables, signal, timeoutSeconds: 600 });
  if (reply.text('state') === 'busy') throw inProgress(machine.name, parseHolder(reply));
  if (reply.text('state') !== 'armed')
    return { why: [reply.why('state'), reply.text('left')].filter(Boolean).join('\n') };
  return { unit, token, by: reply.text('by') as ArmedTrial['by'], previous: reply.text('previous') };
}

/** Disarms a trial whose reboot was refused or cancelled. The machine does so by itself if it cannot be reached. */
export async function disarmTrial(
  machine: Machine,
  request: RebootRequest,
  trial: ArmedTrial,
): Promise<void> {
  const { reading, profile, by, warn } = request;
  const variables = { unit: trial.unit, boot_id: reading.bootId, profile: profilePath(profile), by };
  const reply = await runScript(machine, disarmScript, { variables, timeoutSeconds: 30 }).catch(
    (error: unknown) => new Reply(machine.name, { stderr: String(error) }),
  );
  if (!reply.isWhole)
    warn(`the boot on trial of ${machine.name} could not be cancelled at once: ${reply.why()}`);
}

/**
 * Waits for the boot on trial, confirms it if the machine booted the desired system and its health checks pass, and returns a new
 * reading.
 * @throws FleetError trial-failed if the machine fell back; health-check-failed if the boot was rejected
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
    // A watchdog, or a panic, may still reboot it.
    status(`not back in time (${back}): waiting for the fallback`);
    // The longest wait for a confirmation, and another boot.
    const timeoutSeconds = limitSeconds(request) + request.rebootTimeoutSeconds;
    const later = await waitForNextBoot(machine, { ...request, timeoutSeconds, before: reading });
    if (typeof later === 'string') throw neverBack(host, request, later);
    return await conclude(later);
  }
  return await conclude(back);

  async function conclude(now: MachineReading): Promise<MachineReading> {
    if (now.booted !== system) throw fellBack(host, request, now, await resultOf(machine, request, trial));
    const unhealthy = await runHealthChecks(machine, healthChecks ?? {}, { signal, onLine: status });
    if (unhealthy.length > 0) {
      await answer(machine, request, trial, `health checks failed: ${unhealthy.join('; ')}`);
      const after = await waitForNextBoot(machine, { ...waiting, before: now });
      if (typeof after !== 'string') await resultOf(machine, request, trial);
      throw rejected(host, unhealthy, typeof after === 'string' ? undefined : after);
    }
    await answer(machine, request, trial);
    const { result, log } = await resultOf(machine, request, trial);
    if (result.outcome !== 'confirmed') throw notMadeDefault(host, log);
    return await readMachine(machine, { profile, signal });
  }
}

/** Confirms, or rejects with a reason, over new connections until one answers: the machine waits for it. */
async function answer(
  machine: Machine,
  request: RebootRequest,
  { token }: ArmedTrial,
  reason?: string,
): Promise<void> {
  const { system, signal, status } = request;
  const variables = {
    system,
    answer: reason === undefined ? 'confirm' : 'reject',
    text: (reason ?? token).replaceAll('\n', ' '),
  };
  const send = async () => {
    const reply = await runScript(machine, answerScript, { variables, signal, fresh: true });
    // The machine has answered, either way.
    if (reply.isWhole || reply.has('failed')) return { refused: reply.text('failed') };
    throw reply.error({ code: 'trial-failed', what: 'the boot on trial was not confirmed' });
  };
  const seen = await untilBack(send, { limitSeconds: limitSeconds(request), signal, status });
  if (typeof seen !== 'string' && !seen.refused) return;
  throw new FleetError({
    code: 'trial-failed',
    what: 'the boot on trial could not be confirmed',
    host: machine.name,
    why: typeof seen === 'string' ? seen : seen.refused,
    fix: 'The machine rolls back to the previous system by itself. Then deploy again.',
  });
}

/** Waits for the result of the trial. */
async function resultOf(
  machine: Machine,
  { signal }: RebootRequest,
  { unit }: ArmedTrial,
): Promise<{ result: ActivationResult; log: string }> {
  const options = { variables: { unit }, signal };
  const look = async () => {
    const reply = await runScript(machine, resultScript, options).catch((error: unknown) => {
      if (isNoAnswer(error)) return new Reply(machine.name, {});
      throw error;
    });
    const result = reply.json('result', activationResult);
    return result && { result, log: (reply.decoded('log') ?? '').trim() };
  };
  const found = await until(look, { limitSeconds: 300, intervalSeconds: 0.5, signal });
  if (found) return found;
  throw new FleetError({
    code: 'trial-failed',
    what: 'the machine did not report the result of the boot on trial',
    host: machine.name,
    fix: 'Check it on the machine: systemctl status nixos-fleet-trial.service',
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
    what: 'the new system did not boot; the machine fell back to the previous system',
    host,
    why: [
      `it runs ${now.booted}, kernel ${now.kernel}, instead of ${system}`,
      log || 'the failed boot left no log on the machine',
    ]
      .filter(Boolean)
      .join('\n'),
    fix: 'Check the machine’s console during that boot. `rehearse: true` boots a system in a virtual machine first.',
  });
}

function rejected(host: string, unhealthy: readonly string[], after: MachineReading | undefined): FleetError {
  return new FleetError({
    code: 'health-check-failed',
    what: 'the machine booted the new system, but its health checks failed, so it was rolled back',
    host,
    why: [...unhealthy, after ? `rolled back to ${after.booted}` : 'the machine is not back yet'].join('\n'),
    fix: 'Fix what the checks report, then deploy again.',
  });
}

function notMadeDefault(host: string, log: string): FleetError {
  return new FleetError({
    code: 'activation-failed',
    what: 'the machine booted the new system, but the boot loader could not be set to it',
    host,
    why: log,
    fix: 'Read the log. Check the free space in /boot. The next boot starts the previous system.',
  });
}

function neverBack(host: string, { rebootTimeoutSeconds }: RebootRequest, seen: string): FleetError {
  return new FleetError({
    code: 'reboot-failed',
    what: `the machine was not back within ${rebootTimeoutSeconds} s after its reboot, and did not fall back either`,
    host,
    why: seen,
    fix: 'Check its console. Only a hardware watchdog or a manual reset ends a hanging boot. The next boot starts the previous system.',
  });
}
