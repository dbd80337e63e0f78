import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { FleetError } from '../../base/errors.ts';

export interface Acceleration {
  accelerator: 'kvm' | 'tcg';
  /** Why KVM is not used. */
  why?: string;
}

/**
 * Chooses KVM or emulation. A `/dev/kvm` that opens is not enough: on a processor without the extensions, a machine that uses
 * it hangs.
 *
 * @throws FleetError `vm-failed` if KVM is required and not available
 */
export async function chooseAcceleration(
  desired: 'auto' | 'kvm' | 'tcg',
  host: string,
): Promise<Acceleration> {
  if (desired === 'tcg') return { accelerator: 'tcg', why: 'acceleration is set to tcg' };
  const why = kvmProblem(
    await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code ?? 'unknown',
    ),
    await readFile('/proc/cpuinfo', 'utf8'),
  );
  if (why === undefined) return { accelerator: 'kvm' };
  if (desired === 'auto') return { accelerator: 'tcg', why };
  throw new FleetError({
    code: 'vm-failed',
    host,
    what: 'KVM cannot be used',
    why,
    fix: 'Set acceleration to auto, or enable KVM on this computer and give your user access to /dev/kvm.',
  });
}

/** Why KVM cannot be used; undefined if it can. */
export function kvmProblem(openError: string | undefined, cpuinfo: string): string | undefined {
  if (openError === 'ENOENT') return 'this computer has no /dev/kvm';
  if (openError !== undefined) return `/dev/kvm cannot be opened (${openError})`;
  return /^flags\s*:.*\b(vmx|svm)\b/m.test(cpuinfo)
    ? undefined
    : 'the processor has no virtualisation extensions';
}
