import { type ErrorCode, FleetError, type FleetErrorDetails } from '../../base/errors.ts';
import type { ActivationResult } from '../record/result.ts';

type Outcome = ActivationResult['outcome'];

const whats: Record<Exclude<Outcome, 'confirmed'>, string> = {
  'check-failed': 'the new system refused the switch before anything changed',
  'no-timer': 'the switch was not begun: its dead-man’s timer could not be started',
  locked: 'another deployment is under way',
  'activation-failed': 'the activation of the new system failed',
  'units-failed': 'units failed under the new system',
  'reboot-needed': 'the machine cannot switch to the new system while it runs',
  'timed-out': 'the activation of the new system did not end within its limit',
  'not-confirmed': 'the new system could not be confirmed in time over a fresh ssh connection',
  rejected: 'the new system did not pass its checks',
  killed: 'the supervisor of the switch was killed',
  'profile-failed': 'the system profile could not be set',
  'boot-loader-failed': 'the boot loader could not be installed for the new system',
  'trial-failed': 'the new system did not come up, or was not confirmed, when it was booted on trial',
};

const mends: Record<Exclude<Outcome, 'confirmed'>, string> = {
  'check-failed': 'Mend what the check names. If another switch runs on the machine, wait for its end.',
  'no-timer': 'Look at systemd on the machine: systemctl status',
  locked: 'Wait for its end, then deploy again.',
  'activation-failed': 'Mend what the log names, then deploy again.',
  'units-failed':
    'Look at them with: journalctl -u <unit>. Mend them, or set unitFailures to accept to keep such a system.',
  'reboot-needed':
    'Set reboot: when-needed for this machine, and it is booted instead; or action: boot, and reboot it yourself.',
  'timed-out': 'Find out what hangs from the log, or raise activationTimeoutSeconds.',
  'not-confirmed':
    'Does the new system keep sshd, its port, the address and your key? If it is only slow, raise confirmTimeoutSeconds.',
  rejected: 'Mend what the checks name, then deploy again.',
  killed: 'Find out who ended it from the machine’s journal, then deploy again.',
  'profile-failed': 'Look at the log: is there room in /nix?',
  'boot-loader-failed': 'Look at the log: is there room in /boot?',
  'trial-failed': 'Look at the machine’s console of that boot.',
};

/** A switch that ended, and not with the new system. */
export class ActivationError extends FleetError {
  readonly result: ActivationResult;
  constructor(result: ActivationResult, details: FleetErrorDetails) {
    super(details);
    this.result = result;
  }
}

/** What a result means to the user: undefined where the new system is live. Pure. `log` is what was printed, `unhealthy` what health checks saw. */
export function explainResult(
  result: ActivationResult,
  log: string,
  unhealthy: readonly string[] = [],
): ActivationError | undefined {
  const { outcome, host } = result;
  if (outcome === 'confirmed') return undefined;
  const why = [
    result.failedUnits.length > 0 ? `failed units: ${result.failedUnits.join(', ')}` : '',
    exitCodeMeaning(result),
    ...unhealthy,
    // What was printed is not why, where a health check is.
    unhealthy.length > 0 ? '' : lastLines(beforeGoingBack(log)),
    whereItStands(result),
  ];
  return new ActivationError(result, {
    code:
      unhealthy.length > 0 && outcome === 'rejected' && result.wentBack !== 'failed'
        ? 'health-check-failed'
        : errorCode(result),
    what:
      result.wentBack === 'by-reboot'
        ? 'the machine was rebooted in the middle of the switch'
        : whats[outcome],
    host,
    why: why.filter(Boolean).join('\n'),
    fix: `${mends[outcome]}\nThe whole log, on the machine: journalctl -u ${result.unit}`,
  });
}

function errorCode({ outcome, wentBack }: ActivationResult): ErrorCode {
  if (wentBack === 'failed' || wentBack === 'superseded') return 'rollback-failed';
  if (outcome === 'locked') return 'deployment-in-progress';
  if (outcome === 'not-confirmed') return 'not-confirmed';
  if (outcome === 'units-failed') return 'units-failed';
  if (outcome === 'trial-failed') return 'trial-failed';
  return 'activation-failed';
}

/** What switch-to-configuration means by its exit code. */
function exitCodeMeaning({ exitCode, outcome }: ActivationResult): string {
  switch (exitCode) {
    case null:
    case 0:
      return '';
    case 1:
      return 'exit code 1: a check, the boot loader or the lock';
    case 2:
      return 'exit code 2: the activation script failed';
    case 4:
      return 'exit code 4: units failed';
    case 100:
      return 'exit code 100: the switch needs a reboot';
    case 101:
      return 'exit code 101: switch-to-configuration crashed';
    case 124:
    case 137:
      return outcome === 'timed-out' ? 'it was stopped at its limit' : `exit code ${exitCode}`;
    default:
      return `exit code ${exitCode}`;
  }
}

function whereItStands(result: ActivationResult): string {
  const { wentBack, previous, rollbackExitCode } = result;
  if (result.action === 'boot' && wentBack === 'yes') return 'the next boot is that of the system before';
  switch (wentBack) {
    case 'not-needed':
      return 'nothing was changed on the machine';
    case 'yes':
      return `the machine is back on ${previous}`;
    case 'failed':
      return `going back to ${previous} FAILED (exit code ${rollbackExitCode}): look at the machine`;
    case 'nothing-before':
      return 'there was no earlier system to go back to: the machine is as the failed activation left it';
    case 'same-system':
      return 'it is the system that ran before, so there is none to go back to; it stays';
    case 'by-reboot':
      return `the machine was being rebooted, and comes up on ${previous || 'its earlier system'}`;
    case 'not-tried':
      return 'nixos-rebuild does not put a machine back: it is as the switch left it';
    case 'superseded':
      return 'another deployment had begun meanwhile, so it was not put back: look at the machine';
  }
}

/** The supervisor says in the log where it begins to go back; what failed stands before that. */
function beforeGoingBack(log: string): string {
  return log.split(/^nixos-fleet: going back$/m)[0] ?? '';
}

function lastLines(log: string, count = 15): string {
  return log.trimEnd().split('\n').slice(-count).join('\n');
}
