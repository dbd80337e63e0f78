import { FleetError, hasCode } from '../../base/errors.ts';
import { until } from '../../base/until.ts';
import type { ActivationResult } from '../record/result.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';
import { type Confirmation, confirm } from './confirm.ts';
import {
  followScript,
  followVariables,
  type Phase,
  type Progress,
  parseProgress,
  pollSeconds,
} from './follow-script.ts';

export interface FollowOptions {
  /** Boot ID at the start of the deployment. */
  bootId: string;
  /** How long the machine may be unreachable before the call fails, in seconds. */
  unreachableLimitSeconds: number;
  signal?: AbortSignal;
  onLine: (line: string) => void;
  /** Run before the confirmation; returns messages of failed checks, which lead to a rejection. */
  healthChecks?: () => Promise<string[]>;
}

interface Followed {
  result: ActivationResult;
  /** Output of the supervisor. */
  log: string;
  /** Messages of failed health checks. */
  unhealthy: string[];
}

/**
 * Follows a supervisor over short connections, confirms the new system when the supervisor waits for it, and returns its result
 * and output. Reconnects after a lost connection.
 * @throws FleetError unreachable if the machine stays unreachable, activation-failed if it was rebooted meanwhile
 */
export async function followSupervisor(
  machine: Machine,
  confirmation: Confirmation,
  options: FollowOptions,
): Promise<Followed> {
  const { name: host } = machine;
  const { unit } = confirmation;
  let seen: { phase: Phase; offset: number } = { phase: 'starting', offset: 0 };
  let log = '';
  let answered = false;
  let unhealthy: string[] | undefined;
  const { unreachableLimitSeconds, signal, onLine } = options;

  /** Polls the supervisor once and confirms if it waits for that. Returns the result once it has ended. */
  async function step(): Promise<Followed | 'continue'> {
    const progress = await poll(machine, unit, seen, signal);
    log += progress.output;
    for (const line of progress.output.split('\n')) if (line.trim()) onLine(line);
    // Empty where the folder was removed.
    const phase = progress.phase || seen.phase;
    if (phase !== seen.phase) onLine(phaseText[phase]);
    seen = { phase, offset: progress.offset };
    // Until it has finished, it holds the lock of the machine.
    const ended = progress.phase === 'finished' || progress.state === 'ended';
    if (progress.result && ended) return { result: progress.result, log, unhealthy: unhealthy ?? [] };
    if (progress.unreadable !== undefined) throw endedWithoutResult(host, unit, progress.unreadable);
    if (progress.bootId !== options.bootId) throw rebooted(host, unit);
    if (progress.state === 'ended') throw endedWithoutResult(host, unit, log);
    if (progress.phase === 'waiting' && !answered) {
      unhealthy ??= (await options.healthChecks?.()) ?? [];
      await confirm(machine, confirmation, signal, unhealthy.join('; '));
      answered = true;
    }
    return 'continue';
  }

  for (;;) {
    let lost: unknown;
    const reached = await until(
      () =>
        step().catch((error: unknown) => {
          if (!isTransient(error)) throw error;
          lost = error;
          onLine(`connection lost, retrying: ${error.why ?? error.code}`);
          return undefined;
        }),
      { limitSeconds: unreachableLimitSeconds, intervalSeconds: 0.5, signal },
    );
    if (reached === undefined) throw lost;
    if (reached !== 'continue') return reached;
  }
}

const phaseText: Record<Phase, string> = {
  starting: 'starting the switch',
  checking: 'checking the new system',
  activating: 'activating the new system',
  waiting: 'active; confirming over a new connection',
  committing: 'confirmed; setting profile and boot loader',
  'going-back': 'failed; rolling back to the previous system',
  finished: 'the switch has ended',
};

async function poll(
  machine: Machine,
  unit: string,
  seen: { phase: Phase; offset: number },
  signal?: AbortSignal,
): Promise<Progress> {
  const timeoutSeconds = pollSeconds + machine.connection.connectTimeoutSeconds + 5;
  const options = { variables: followVariables(unit, seen), signal, timeoutSeconds };
  const reply = await runScript(machine, followScript, options);
  const progress = parseProgress(reply);
  if (progress) return progress;
  throw reply.error({ code: 'unreachable', what: 'the connection was lost' });
}

/**
 * Whether to retry: the new system may be restarting sshd. A refused login or a changed host key counts too, since a rollback
 * restores the previous ones.
 */
function isTransient(error: unknown): error is FleetError {
  return hasCode(error, 'unreachable', 'access-denied', 'host-key');
}

function rebooted(host: string, unit: string): FleetError {
  return new FleetError({
    code: 'activation-failed',
    what: 'the machine was rebooted in the middle of the switch',
    host,
    why: 'it booted its boot loader’s default, the previous system, since the new one was not confirmed',
    fix: `Find out why it was rebooted: journalctl -b -1 -u ${unit}. Then deploy again.`,
  });
}

function endedWithoutResult(host: string, unit: string, log: string): FleetError {
  return new FleetError({
    code: 'rollback-failed',
    what: 'the supervisor of the switch ended without a readable result',
    host,
    why: log.trimEnd().split('\n').slice(-10).join('\n'),
    fix: `Check the machine: journalctl -u ${unit}, readlink -f /run/current-system`,
  });
}
