import { FleetError, hasCode } from '../../base/errors.ts';
import { until } from '../../base/until.ts';
import type { ActivationResult } from '../record/result.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';
import { type Confirmation, confirm } from './confirm.ts';
import {
  followScript,
  followVariables,
  lookSeconds,
  type Phase,
  type Progress,
  parseProgress,
} from './follow-script.ts';

export interface FollowOptions {
  /** boot_id when the deployment began. */
  bootId: string;
  /** Longest time without a word from the machine before it is given up, in seconds. */
  patienceSeconds: number;
  signal?: AbortSignal;
  onLine: (line: string) => void;
  /** Looks at the new system before it is confirmed, and returns what does not hold. */
  healthChecks?: () => Promise<string[]>;
}

interface Followed {
  result: ActivationResult;
  /** What the supervisor printed. */
  log: string;
  /** Health checks that did not hold. */
  unhealthy: string[];
}

/**
 * Follows a supervisor by the name of its unit over short connections, confirms when it waits for that, and returns
 * its result with what was printed. A connection that breaks is made again.
 * @throws FleetError unreachable where the machine stays away, activation-failed where it was rebooted meanwhile
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
  const { patienceSeconds, signal, onLine } = options;

  /** One look at the supervisor, and the confirmation where it waits for that; the result once it has ended. */
  async function step(): Promise<Followed | 'goes on'> {
    const progress = await look(machine, unit, seen, signal);
    log += progress.output;
    for (const line of progress.output.split('\n')) if (line.trim()) onLine(line);
    if (progress.phase !== seen.phase) onLine(phaseText[progress.phase]);
    seen = progress;
    // Before it has finished, the machine is not free for another deployment.
    const ended = progress.phase === 'finished' || !progress.active;
    if (progress.result && ended) return { result: progress.result, log, unhealthy: unhealthy ?? [] };
    if (progress.unreadable !== undefined) throw vanished(host, unit, progress.unreadable);
    if (progress.bootId !== options.bootId) throw rebooted(host, unit);
    if (!progress.active) throw vanished(host, unit, log);
    if (progress.phase === 'waiting' && !answered) {
      unhealthy ??= (await options.healthChecks?.()) ?? [];
      await confirm(machine, confirmation, signal, unhealthy.length > 0);
      answered = true;
    }
    return 'goes on';
  }

  for (;;) {
    let lost: unknown;
    const reached = await until(
      () =>
        step().catch((error: unknown) => {
          if (!isPassing(error)) throw error;
          lost = error;
          onLine(`connection lost, trying again: ${error.why ?? error.code}`);
          return undefined;
        }),
      { limitSeconds: patienceSeconds, intervalSeconds: 0.5, signal },
    );
    if (reached === undefined) throw lost;
    if (reached !== 'goes on') return reached;
  }
}

const phaseText: Record<Phase, string> = {
  starting: 'starting the switch',
  checking: 'checking the new system',
  activating: 'activating the new system',
  waiting: 'active; confirming over a fresh connection',
  committing: 'confirmed; setting profile and boot loader',
  'going-back': 'failed; going back to the system before',
  finished: 'the switch has ended',
};

async function look(
  machine: Machine,
  unit: string,
  seen: { phase: Phase; offset: number },
  signal?: AbortSignal,
): Promise<Progress> {
  const timeoutSeconds = lookSeconds + machine.connection.connectTimeoutSeconds + 5;
  const options = { variables: followVariables(unit, seen), signal, timeoutSeconds };
  const reply = await runScript(machine, followScript, options);
  const progress = parseProgress(reply);
  if (progress) return progress;
  throw reply.error({ code: 'unreachable', what: 'the connection broke' });
}

/**
 * Whether to try again: the machine may come back within the confirmation's limit, for the new system may have its
 * sshd restarting. A refused login or another host key counts too: the old system brings the old ones back.
 */
function isPassing(error: unknown): error is FleetError {
  return hasCode(error, 'unreachable', 'access-denied', 'host-key');
}

function rebooted(host: string, unit: string): FleetError {
  return new FleetError({
    code: 'activation-failed',
    what: 'the machine was rebooted in the middle of the switch',
    host,
    why: 'it came up on the system of its boot loader, for the new one had not been confirmed',
    fix: `Find out why it was rebooted: journalctl -b -1 -u ${unit}. Then deploy again.`,
  });
}

function vanished(host: string, unit: string, log: string): FleetError {
  return new FleetError({
    code: 'rollback-failed',
    what: 'the supervisor of the switch ended without a result that can be read',
    host,
    why: log.trimEnd().split('\n').slice(-10).join('\n'),
    fix: `Look at the machine: journalctl -u ${unit}, readlink -f /run/current-system`,
  });
}
