import { presentable } from './presentable.ts';

/** Every kind of failure a user can meet, and its meaning. The reference in docs/ is generated from this table. */
export const errorCodes = {
  'config-invalid': 'A key of the stack’s config is unknown, missing or of the wrong type.',
  'tool-missing': 'A program that is needed is not on PATH or too old.',
  'flake-invalid': 'The flake cannot be read: it is missing, has a syntax error, or lacks an output.',
  'evaluation-failed': 'Nix could not evaluate a machine’s configuration.',
  'assertion-failed': 'An assertion of the machine’s configuration does not hold.',
  'kernel-unbootable': 'The configuration of a machine’s kernel lacks options without which it cannot boot.',
  'build-failed': 'A derivation did not build.',
  'builder-missing': 'A derivation needs a platform that neither this computer nor any builder builds for.',
  'builder-failed': 'The list of builders on a machine could not be read or written.',
  'copy-failed': 'The closure could not be copied to the machine.',
  'no-room': 'The machine has too little free disk space.',
  unreachable: 'The machine could not be reached over ssh.',
  'host-key': 'The machine’s ssh host key is not the expected one.',
  'access-denied': 'The machine refused the login, or the user lacks root rights.',
  'bootstrap-user': 'The bootstrap user could not be removed after the first deployment.',
  'wrong-machine': 'The machine at this address is not the one recorded in the state.',
  'owned-by-other':
    'The machine, or a file on it, belongs to another stack, or to another host of the same one; nothing was changed.',
  'not-nixos': 'The machine does not run NixOS.',
  lockout: 'The new system would lock its deployer out; nothing was changed.',
  'deployment-in-progress': 'Another deployment holds the machine’s lock.',
  'activation-failed': 'switch-to-configuration failed; the machine was rolled back.',
  'reboot-failed': 'The machine did not come back in time after a reboot, or not with the desired system.',
  'rehearsal-failed':
    'A system was not healthy in its rehearsal in a virtual machine; its machine was not touched.',
  'trial-failed':
    'A system booted on trial did not come up or was not confirmed; the machine booted the previous system again.',
  'units-failed':
    'systemd units failed under the new system; the machine was rolled back, unless failed units are accepted.',
  'rollback-failed': 'Activation failed and so did the rollback: the machine needs a look.',
  'health-check-failed': 'A health check failed under the new system; the machine was rolled back.',
  'wave-stopped':
    'The machine’s deployment was not begun, as too many machines of its wave had failed; nothing was changed on it.',
  'gate-failed':
    'After a wave of deployments, too many of its machines had failed or a gate did not hold; later waves were not begun.',
  drifted: 'The machine runs a system that is neither the recorded nor the desired one, and onDrift is fail.',
  'not-confirmed': 'The machine rolled back by itself, as the new system was not confirmed in time.',
  'secret-failed':
    'The value of a secret could not be read on the operator’s computer, or its file could not be written, read or removed on the machine.',
  'cache-failed':
    'A signing key or a binary cache could not be created, read, filled or configured on a machine.',
  'substitution-failed':
    'The machine could not fetch the system from its binary caches, and delivery does not allow a copy.',
  'hardware-failed':
    'Hardware detection failed on a machine, or the file for its result could not be read or written.',
  'image-failed': 'A build contains no disk image, or the copy of an image could not be written.',
  'disk-refused': 'A guard refused to install an image or a system on a disk; nothing was written.',
  'disk-failed':
    'An image or a system was not completely installed on a disk, or reading it back showed something else.',
  'lab-failed': 'A lab machine or its network could not be created, started or removed.',
  'vm-failed': 'A virtual machine could not be created, started, reached or removed.',
  'file-invalid': 'A file that nixos-fleet maintains is damaged, or was written by a newer version.',
  'system-failed':
    'The operating system of the operator’s computer reported an error: about a file, a program, a port or an address.',
  'command-failed': 'A program exited with an error.',
  cancelled: 'The operation was cancelled.',
} as const;

export type ErrorCode = keyof typeof errorCodes;

export interface FleetErrorDetails {
  code: ErrorCode;
  /** What failed: 'cannot build the system'. */
  what: string;
  /** Name of the machine concerned. */
  host?: string;
  /** Why, in the words of the tool that failed if it gave any; may have several lines. */
  why?: string;
  /** What the user can do about it. */
  fix?: string;
  cause?: unknown;
}

/** An error that the user can act on, shown without a stack trace; its message is presentable. `failureOf` converts other errors. */
export class FleetError extends Error {
  readonly code: ErrorCode;
  readonly what: string;
  readonly host: string | undefined;
  readonly why: string | undefined;
  readonly fix: string | undefined;

  constructor(details: FleetErrorDetails) {
    super(formatError(details), { cause: details.cause });
    this.name = 'FleetError';
    this.code = details.code;
    this.what = details.what;
    this.host = details.host;
    this.why = details.why;
    this.fix = details.fix;
  }
}

/** Whether an error is a FleetError with one of these codes. */
export function hasCode(error: unknown, ...codes: ErrorCode[]): error is FleetError {
  return error instanceof FleetError && codes.includes(error.code);
}

/** Whether an error is neither a cancel nor a bug: it may be reported while other work continues. */
export function isFailure(error: unknown): error is FleetError {
  return error instanceof FleetError && error.code !== 'cancelled';
}

function formatError({ code, what, host, why, fix }: FleetErrorDetails): string {
  const indent = (text: string) => text.trimEnd().replaceAll('\n', '\n        ');
  const lines = [`${host ? `${host}: ` : ''}${what} [${code}]`];
  if (why) lines.push(`  why:  ${indent(why)}`);
  if (fix) lines.push(`  fix:  ${indent(fix)}`);
  return presentable(lines.join('\n'));
}
