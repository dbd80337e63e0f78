/** Every kind of failure a user can meet, and its meaning. The reference in docs/ is generated from this table. */
export const errorCodes = {
  'config-invalid': 'A key of the stack’s config is unknown, missing or of the wrong type.',
  'tool-missing': 'A program that is needed is not on PATH or too old.',
  'flake-invalid': 'The flake cannot be read: it is missing, has a syntax error, or lacks an output.',
  'evaluation-failed': 'Nix could not evaluate a machine’s configuration.',
  'assertion-failed': 'An assertion of the machine’s configuration does not hold.',
  'kernel-unbootable': 'The configuration of a machine’s kernel lacks what no machine comes up without.',
  'build-failed': 'A derivation did not build.',
  'builder-missing':
    'A derivation has to be built for a system that neither this computer nor any builder builds for.',
  'builder-failed': 'The builders of a machine could not be written down there, or read.',
  'copy-failed': 'The closure could not be copied to the machine.',
  'no-room': 'The machine has too little free space.',
  unreachable: 'No ssh connection could be made.',
  'host-key': 'The machine’s ssh host key is not the expected one.',
  'access-denied': 'The machine refused the login, or the user lacks root rights.',
  'bootstrap-user':
    'The user that a machine was installed by could not be removed after its first deployment.',
  'wrong-machine': 'The machine at this address is not the one recorded in the state.',
  'not-nixos': 'The machine does not run NixOS.',
  'deployment-in-progress': 'Another deployment holds the machine’s lock.',
  'activation-failed': 'switch-to-configuration failed; the machine was put back.',
  'reboot-failed': 'The machine did not come back in time after a reboot, or not on the asked system.',
  'rehearsal-failed':
    'A system did not come up healthy in a virtual machine of the operator’s computer, so its machine was not touched.',
  'trial-failed':
    'A system that was booted on trial did not come up or was not confirmed; the machine went back to the one before.',
  'units-failed':
    'systemd units failed under the new system; the machine was put back, unless that is accepted.',
  'rollback-failed': 'Activation failed and so did going back: look at the machine.',
  'health-check-failed': 'A health check did not hold under the new system; the machine was put back.',
  drifted: 'The machine runs a system that is neither the recorded nor the asked one, and onDrift is fail.',
  'not-confirmed': 'The machine went back by itself because nobody confirmed the new system in time.',
  'secret-failed':
    'A secret could not be had on the operator’s computer, or its file not be written, read or removed on the machine.',
  'cache-failed':
    'A signing key or a binary cache could not be made, read, filled or announced to a machine.',
  'substitution-failed':
    'The machine could not fetch the system from its binary caches, and copying is not allowed.',
  'hardware-failed':
    'A machine could not tell what it is made of, or the file that is to say so could not be read or written.',
  'image-failed': 'A disk image could not be found in what was built, or its kept copy not be made.',
  'disk-refused': 'A guard refused to have an image written onto a disk; nothing was written.',
  'disk-failed': 'An image was not written whole onto a disk, or what was read back is not the image.',
  'lab-failed': 'A lab machine or its network could not be made, started or removed.',
  'vm-failed': 'A virtual machine could not be made, started, reached or removed.',
  'file-invalid': 'A file that the project keeps is damaged, or a newer version has written it.',
  'system-failed':
    'The computer that runs this refused something: a file, a folder, a program, a port or an address.',
  'command-failed': 'A program failed, for a reason of its own.',
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

/** A failure a user can act on. It is shown without a stack trace. `failureOf` decides about other errors. */
export class FleetError extends Error {
  readonly code: ErrorCode;
  readonly host: string | undefined;
  readonly why: string | undefined;
  readonly fix: string | undefined;

  constructor(details: FleetErrorDetails) {
    super(formatError(details), { cause: details.cause });
    this.name = 'FleetError';
    this.code = details.code;
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
  return lines.join('\n');
}
