import { FleetError } from '../base/errors.ts';
import type { FleetEvaluation, HostEvaluation } from '../evaluation/types.ts';
import { ageWarning } from './age.ts';
import { judgeKernel } from './judge.ts';

/**
 * Checks each machine's kernel. A machine that could not boot with its kernel gets a failed evaluation (`kernel-unbootable`);
 * every other problem is added to its warnings.
 * @param allowed whether a machine may have an unbootable kernel: then this is a warning, too
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
    const allowedProblems =
      unbootable.length > 0
        ? [[`the machine may not boot with the kernel ${kernel.version}:`, ...unbootable].join('\n  ')]
        : [];
    const age = ageWarning(kernel);
    const all = [...host.warnings, ...allowedProblems, ...warnings, ...(age ? [age] : [])];
    return [name, { ...host, warnings: all }];
  });
  return { ...evaluation, hosts: Object.fromEntries(hosts) };
}

function unbootableError(host: string, version: string, lines: readonly string[]): FleetError {
  return new FleetError({
    code: 'kernel-unbootable',
    what: `the kernel ${version} lacks symbols that the machine needs to boot`,
    host,
    why: lines.join('\n'),
    fix: 'Set these symbols in the kernel’s configuration, or set allowUnbootableKernel on the machine.',
  });
}
