import { type ErrorCode, FleetError, type FleetErrorDetails } from '../../base/errors.ts';
import type { MachineReading } from '../parse-reading.ts';
import { type ActivationResult, parseResult } from '../record/result.ts';

type Outcome = ActivationResult['outcome'];

const summaries: Record<Exclude<Outcome, 'confirmed'>, string> = {
  'check-failed': 'the new system refused the switch before anything changed',
  'no-timer': 'the switch was not started: its dead-man’s timer could not be started',
  locked: 'another deployment is in progress',
  'activation-failed': 'the activation of the new system failed',
  'units-failed': 'units failed under the new system',
  'reboot-needed': 'the new system needs a reboot',
  'timed-out': 'the activation of the new system timed out',
  'not-confirmed': 'the new system could not be confirmed in time over a fresh ssh connection',
  rejected: 'the new system was rejected',
  killed: 'the supervisor of the switch was killed',
  'profile-failed': 'the system profile could not be set',
  'boot-loader-failed': 'the boot loader could not be installed for the new system',
  'trial-failed': 'the new system did not boot, or was not confirmed, in its boot on trial',
  'pull-failed': 'the machine could not pull its system',
};

const fixes: Record<Exclude<Outcome, 'confirmed'>, string> = {
  'check-failed':
    'Fix what the check reports. If another switch is running on the machine, wait until it has ended.',
  'no-timer': 'Check systemd on the machine: systemctl status',
  locked: 'Wait until it has ended, then deploy again.',
  'activation-failed': 'Fix what the log reports, then deploy again.',
  'units-failed':
    'Read their logs: journalctl -u <unit>. Fix them, or set unitFailures: accept to keep the system despite them.',
  'reboot-needed':
    'Set reboot: when-needed to boot the system instead, or set action: boot and reboot the machine yourself.',
  'timed-out': 'Find out from the log what hangs, or raise activationTimeoutSeconds.',
  'not-confirmed':
    'Check that the new system keeps sshd, its port, the address and your key. If it is only slow, raise confirmTimeoutSeconds.',
  rejected: 'Fix the reason of the rejection, then deploy again.',
  killed: 'Find out from the machine’s journal what killed it, then deploy again.',
  'profile-failed': 'Read the log. Check the free space in /nix.',
  'boot-loader-failed': 'Read the log. Check the free space in /boot.',
  'trial-failed': 'Check the machine’s console during that boot.',
  'pull-failed': 'Read its log on the machine: journalctl -u nixos-fleet-pull',
};

const unansweredFix =
  'Fix what the last attempt to confirm failed with. If the machine is only slow, raise confirmTimeoutSeconds.';

/** A deployment that ended without the new system, with its result. */
export class ActivationError extends FleetError {
  readonly result: ActivationResult;
  constructor(result: ActivationResult, details: FleetErrorDetails) {
    super(details);
    this.result = result;
  }
}

/** What the operator's computer knows about a switch beyond the machine's result. */
interface Beyond {
  /** Messages of failed health checks. */
  unhealthy?: readonly string[];
  /** Why the last attempt to confirm was not answered. */
  notAnswered?: string | undefined;
  /** What is wrong although the machine reports that it was rolled back. */
  unverified?: string | undefined;
}

/**
 * The error of a result; undefined if the new system is confirmed.
 * @param log output of the switch
 */
export function explainResult(
  result: ActivationResult,
  log: string,
  { unhealthy = [], notAnswered, unverified }: Beyond = {},
): ActivationError | undefined {
  const { outcome, host } = result;
  if (outcome === 'confirmed') return undefined;
  const why = [
    result.failedUnits.length > 0 ? `failed units: ${result.failedUnits.join(', ')}` : '',
    exitCodeMeaning(result),
    ...(unhealthy.length > 0 ? unhealthy : [result.reason ?? '']),
    // If health checks failed, the log does not contain the reason.
    unhealthy.length > 0 ? '' : lastLines(beforeRollback(log)),
    notAnswered ? `the last attempt to confirm failed: ${notAnswered}` : '',
    rollbackStatus(result),
    unverified ? `but ${unverified}` : '',
  ];
  return new ActivationError(result, {
    code: unverified
      ? 'rollback-failed'
      : unhealthy.length > 0 && outcome === 'rejected' && result.wentBack !== 'failed'
        ? 'health-check-failed'
        : errorCode(result),
    what:
      result.wentBack === 'by-reboot'
        ? 'the machine was rebooted during the switch'
        : isHeld(result)
          ? 'another switch is in progress on the machine'
          : summaries[outcome],
    host,
    why: why.filter(Boolean).join('\n'),
    fix: `${notAnswered && outcome === 'not-confirmed' ? unansweredFix : fixes[outcome]}\nThe whole log, on the machine: journalctl -u ${result.unit}`,
  });
}

/** A note on the machine's newest deployment, by whomever, if it failed; else undefined. */
export function lastFailure(reading: MachineReading): string | undefined {
  const result = parseResult(reading.lastResult);
  const failure = result && explainResult(result, '');
  if (!result || !failure) return undefined;
  const when = new Date(result.endedAt * 1000).toISOString();
  return `the last deployment to ${result.host} (by ${result.by}, ${when}) failed:\n${failure.message}`;
}

function errorCode(result: ActivationResult): ErrorCode {
  const { outcome, wentBack } = result;
  if (wentBack === 'failed' || wentBack === 'superseded') return 'rollback-failed';
  if (outcome === 'locked' || isHeld(result)) return 'deployment-in-progress';
  if (outcome === 'not-confirmed') return 'not-confirmed';
  if (outcome === 'units-failed') return 'units-failed';
  if (outcome === 'trial-failed') return 'trial-failed';
  return 'activation-failed';
}

/** Whether another switch-to-configuration, such as that of a nixos-rebuild, held its lock. */
function isHeld({ outcome, exitCode }: ActivationResult): boolean {
  return outcome === 'check-failed' && exitCode === 11;
}

/** The meaning of switch-to-configuration's exit code. */
function exitCodeMeaning({ exitCode, outcome }: ActivationResult): string {
  switch (exitCode) {
    case null:
    case 0:
      return '';
    case 1:
      return 'exit code 1: a check, the boot loader or, in older systems, the lock';
    case 2:
      return outcome === 'check-failed' ? 'exit code 2' : 'exit code 2: the activation script failed';
    case 4:
      return outcome === 'activation-failed'
        ? 'exit code 4: units failed, and so did the activation script'
        : 'exit code 4: units failed';
    case 11:
      return 'exit code 11: another switch-to-configuration holds the lock';
    case 100:
      return 'exit code 100: the switch needs a reboot';
    case 101:
      return 'exit code 101: switch-to-configuration crashed';
    case 124:
    case 137:
      if (outcome === 'timed-out') return 'it was killed at its timeout';
      return exitCode === 137
        ? 'exit code 137: it was killed, as the kernel does when memory runs out'
        : `exit code ${exitCode}`;
    default:
      return `exit code ${exitCode}`;
  }
}

function rollbackStatus(result: ActivationResult): string {
  const { wentBack, previous, rollbackExitCode, notBack } = result;
  if (result.action === 'boot' && wentBack === 'yes') return 'the next boot starts the previous system';
  switch (wentBack) {
    case 'not-needed':
      return 'nothing was changed on the machine';
    case 'yes':
      return `rolled back to ${previous}`;
    case 'failed':
      return `the rollback to ${previous} FAILED${notBack ? `, not set back: ${notBack}` : ''} (exit code ${rollbackExitCode ?? 'unknown'}): check the machine`;
    case 'nothing-before':
      return 'not rolled back, since there is no previous system: the machine stays as the failed activation left it';
    case 'same-system':
      return 'not rolled back, since the previous system is the same one: it stays live';
    case 'by-reboot':
      return `the machine was shutting down, and boots ${previous || 'its previous system'}`;
    case 'not-tried':
      return 'not rolled back, since via: nixos-rebuild has no rollback: the machine stays as the switch left it';
    case 'superseded':
      return 'not rolled back, since another deployment started meanwhile: check the machine';
  }
}

/** The log up to the line where the rollback begins. The reason of the failure precedes it. */
function beforeRollback(log: string): string {
  return log.split(/^nixos-fleet: rolling back$/m)[0] ?? '';
}

function lastLines(log: string, count = 15): string {
  return log.trimEnd().split('\n').slice(-count).join('\n');
}
