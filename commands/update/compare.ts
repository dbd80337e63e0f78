import type { FleetError } from '../../lib/base/errors.ts';
import { configuredChanges, factsChanges, kernelChanges } from '../../lib/evaluation/changes.ts';
import { type ConsequenceOptions, consequences } from '../../lib/evaluation/consequences.ts';
import type { FleetEvaluation, HostEvaluation } from '../../lib/evaluation/types.ts';
import type { EvaluatedKernel } from '../../schema/evaluation.ts';

/** The effect of another version of an input on a machine or an image. */
export type TargetChange =
  | { kind: 'same' }
  /** `changes` is empty if only store paths differ. */
  | { kind: 'changed'; changes: string[]; closure: string[]; consequences: string[]; warnings: string[] }
  /** It could be evaluated before, and cannot now. */
  | { kind: 'broken'; error: FleetError }
  /** It could not be evaluated before, and can now. */
  | { kind: 'fixed' }
  /** It could be evaluated neither before nor now. */
  | { kind: 'failing'; error: FleetError };

/** A kernel that machines change to. */
interface KernelChange {
  machines: string[];
  before: string;
  after: string;
  changes: string[];
}

export interface FleetChange {
  hosts: Record<string, TargetChange>;
  images: Record<string, TargetChange>;
  kernels: KernelChange[];
}

interface Circumstances {
  reboot?: ConsequenceOptions['reboot'];
  /** Changes of the machine's closure, as lines. */
  closure?: string[] | undefined;
}

/** Compares a fleet before and after an update of its flake's inputs. Reads the texts of units from the local cache. */
export function compareFleets(
  before: FleetEvaluation,
  after: FleetEvaluation,
  circumstancesOf: (host: string) => Circumstances = () => ({}),
): FleetChange {
  const compared = (part: 'hosts' | 'images') =>
    Object.fromEntries(
      Object.entries(after[part]).flatMap(([name, now]) => {
        const old = before[part][name];
        return old ? [[name, compare(old, now, circumstancesOf(name))]] : [];
      }),
    );
  return { hosts: compared('hosts'), images: compared('images'), kernels: compareKernels(before, after) };
}

/** Machines and images that could be evaluated before, and cannot now. */
export function brokenTargets({ hosts, images }: FleetChange): string[] {
  return [...Object.entries(hosts), ...Object.entries(images)]
    .filter(([, { kind }]) => kind === 'broken')
    .map(([name]) => name);
}

function compare(
  old: HostEvaluation,
  now: HostEvaluation,
  { reboot, closure = [] }: Circumstances,
): TargetChange {
  if (!now.ok) return { kind: old.ok ? 'broken' : 'failing', error: now.error };
  if (!old.ok) return { kind: 'fixed' };
  if (pathsOf(old) === pathsOf(now)) return { kind: 'same' };
  return {
    kind: 'changed',
    changes: factsChanges(old.facts, now.facts),
    closure: now.image ? [] : closure,
    // An image runs on no machine yet.
    consequences: now.image ? [] : consequences(old.facts, now.facts, { reboot }),
    warnings: now.warnings.filter((warning) => !old.warnings.includes(warning)),
  };
}

function pathsOf({ outPath, image }: Extract<HostEvaluation, { ok: true }>): string {
  return `${outPath} ${image?.outPath ?? ''}`;
}

function compareKernels(before: FleetEvaluation, after: FleetEvaluation): KernelChange[] {
  const found = new Map<string, KernelChange>();
  for (const [name, now] of Object.entries(after.hosts)) {
    const old = before.hosts[name];
    const was = old?.ok ? before.kernels[old.kernel ?? ''] : undefined;
    const is = now.ok ? after.kernels[now.kernel ?? ''] : undefined;
    if (!was || !is || was.outPath === is.outPath) continue;
    const key = `${was.outPath} ${is.outPath}`;
    const change = found.get(key) ?? {
      machines: [],
      before: was.version,
      after: is.version,
      changes: [...kernelChanges(was, is), ...ofKconfig(was, is)],
    };
    change.machines.push(name);
    found.set(key, change);
  }
  return [...found.values()];
}

function ofKconfig(
  { config: oldConfig, configured: old }: EvaluatedKernel,
  { config, configured }: EvaluatedKernel,
): string[] {
  if (!old || !configured) return [];
  return configuredChanges({ config: oldConfig, configured: old }, { config, configured });
}
