import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { FleetError } from '../../base/errors.ts';

export interface Acceleration {
  accelerator: 'kvm' | 'tcg';
  /** Why it is no better. */
  why?: string;
}

/**
 * How processors of a virtual machine are run here. A `/dev/kvm` alone is no proof: on a processor without the extensions
 * it can be opened, and a machine that uses it hangs.
 *
 * @throws FleetError `vm-failed` where KVM is demanded and cannot be had.
 */
export async function chooseAcceleration(asked: 'auto' | 'kvm' | 'tcg', host: string): Promise<Acceleration> {
  if (asked === 'tcg') return { accelerator: 'tcg', why: 'it was asked for' };
  const why = lackOfKvm(
    await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code ?? 'unknown',
    ),
    await readFile('/proc/cpuinfo', 'utf8'),
  );
  if (why === undefined) return { accelerator: 'kvm' };
  if (asked === 'auto') return { accelerator: 'tcg', why };
  throw new FleetError({
    code: 'vm-failed',
    host,
    what: 'KVM cannot be used',
    why,
    fix: 'Set acceleration to auto, or see to it that this computer offers KVM to you.',
  });
}

/** Why KVM cannot be used, or undefined. Pure. */
export function lackOfKvm(openError: string | undefined, cpuinfo: string): string | undefined {
  if (openError === 'ENOENT') return 'this computer has no /dev/kvm';
  if (openError !== undefined) return `/dev/kvm cannot be opened (${openError})`;
  return /^flags\s*:.*\b(vmx|svm)\b/m.test(cpuinfo) ? undefined : 'the processor offers no virtualisation';
}
