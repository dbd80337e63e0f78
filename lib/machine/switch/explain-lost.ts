/** Errors of a switch whose end the machine did not report. */
import { FleetError } from '../../base/errors.ts';
import type { Phase } from './follow-script.ts';

export function notStarted(host: string, doubt: FleetError): FleetError {
  return new FleetError({
    code: doubt.code,
    what: 'the switch could not be started on the machine',
    host,
    why: [doubt.why ?? doubt.message, 'nothing was changed on the machine'].join('\n'),
    fix: doubt.fix ?? 'Deploy again.',
    cause: doubt,
  });
}

export function lost(host: string, unit: string, silence: FleetError | undefined): FleetError {
  return new FleetError({
    code: silence?.code ?? 'unreachable',
    what: 'the connection was lost during the switch, which is left to its supervisor',
    host,
    why: [
      silence?.why ?? silence?.message,
      `${unit} rolls back to the previous system unless the new one was already confirmed`,
    ]
      .filter(Boolean)
      .join('\n'),
    fix: 'Once the machine can be reached again, run `pulumi refresh` to read its live system.',
    cause: silence,
  });
}

export function anotherBoot(host: string, unit: string, phase: Phase): FleetError {
  return new FleetError({
    code: 'activation-failed',
    what: 'the machine was rebooted in the middle of the switch',
    host,
    why:
      phase === 'committing'
        ? 'it booted its boot loader’s default: the new system was confirmed, but its boot entry may not have been written yet'
        : 'it booted its boot loader’s default, the previous system, since the new one was not confirmed',
    fix: `Find out why it was rebooted: journalctl -b -1 -u ${unit}. Then deploy again.`,
  });
}

export function noResult(host: string, unit: string, log: string): FleetError {
  return new FleetError({
    code: 'rollback-failed',
    what: 'the supervisor of the switch ended without a readable result',
    host,
    why: log.trimEnd().split('\n').slice(-10).join('\n'),
    fix: `Check the machine: journalctl -u ${unit}, readlink -f /run/current-system`,
  });
}
