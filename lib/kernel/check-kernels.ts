import { FleetError } from '../base/errors.ts';
import type { FleetEvaluation, HostEvaluation } from '../evaluation/types.ts';
import { ageWarning } from './age.ts';
import { judgeKernel } from './judge.ts';

/**
 * Judges each machine's kernel: a machine that could not come up with it becomes a failed one (`kernel-unbootable`), the rest
 * is added to its warnings.
 * @param allowed machines that may have such a kernel all the same: for them it is a warning, too
 */
export function checkKernels(
  evaluation: FleetEvaluation,
  allowed: (host: string) => boolean,
): FleetEvaluation {
  const hosts = Object.entries(evaluation.hosts).map(([name, host]): [string, HostEvaluation] => {
    const kernel = host.ok && host.kernel ? evaluation.kernels[host.kernel] : undefined;
    if (!host.ok || !host.kernelNeeds || !kernel) return [name, host];
    const { unbootable, warnings } = judgeKernel(host.kernelNeeds, host.facts, kernel);
    if (unbootable.length > 0 && !allowed(name)) {
      return [name, { ok: false, error: unbootableError(name, kernel.version, unbootable) }];
    }
    const allowedOnes =
      unbootable.length > 0
        ? [[`the machine may not come up with the kernel ${kernel.version}:`, ...unbootable].join('\n  ')]
        : [];
    const age = ageWarning(kernel);
    const all = [...host.warnings, ...allowedOnes, ...warnings, ...(age ? [age] : [])];
    return [name, { ...host, warnings: all }];
  });
  return { ...evaluation, hosts: Object.fromEntries(hosts) };
}

function unbootableError(host: string, version: string, lines: readonly string[]): FleetError {
  return new FleetError({
    code: 'kernel-unbootable',
    what: `the kernel ${version} lacks what the machine cannot come up without`,
    host,
    why: lines.join('\n'),
    fix: 'Set these symbols in the kernel’s configuration, or allowUnbootableKernel on the machine.',
  });
}
