import { configuredChanges, factsChanges, kernelChanges } from '../../lib/evaluation/changes.ts';
import { describeClosure } from '../../lib/evaluation/closure/describe.ts';
import { keptChange } from '../../lib/evaluation/closure/kept.ts';
import { type ConsequenceOptions, consequences } from '../../lib/evaluation/consequences.ts';
import { isProviderType } from '../../schema/component-types.ts';
import { type HostFacts, parseFacts } from '../../schema/facts.ts';
import { kernelInputs, symbolsOf } from '../../schema/kernel.ts';
import type { Diagnostic, Operation, Preview, PreviewStep } from './parse-preview.ts';

/** A machine, an image or a kernel, with what changes in it. */
export interface Changed {
  name: string;
  /** The machines that a kernel is of. */
  machines?: string[];
  operation: Operation;
  /** One line per changed property; below a unit the lines of its text. */
  lines: string[];
  /** What changes in the closure: counts, a line per package, and what is left to do. */
  closure: string[];
  /** Consequences for the machine, such as a reboot or a refused switch. */
  consequences: string[];
}

/** A resource of any other type. Only names of properties are shown, as values may be secret. */
export interface OtherChange {
  type: string;
  name: string;
  operation: Operation;
  paths: string[];
}

export interface Summary {
  machines: Changed[];
  images: Changed[];
  kernels: Changed[];
  others: OtherChange[];
  errors: string[];
  warnings: string[];
  notes: string[];
}

/** Summarizes a preview for the review of a change. Reads the texts of units from the local cache. */
export function summarize({ steps, diagnostics }: Preview): Summary {
  // The engine's order varies.
  const sorted = steps.toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
  const ofType = (name: string) => sorted.filter(({ type }) => shortType(type) === name);
  const notes = closureNotes(diagnostics);
  const machines = ofType('Deployment').map((step) => machine(step, notes));
  const listed = ['Deployment', 'Image', 'Kernel'];
  const changing = new Set(machines.filter(isChange).map(({ name }) => name));
  const others = sorted
    .filter(({ type }) => !listed.includes(shortType(type)))
    // The change of a system is shown at its deployment.
    .filter(({ type, name }) => shortType(type) !== 'System' || !changing.has(name))
    .filter(isChange)
    .map(({ type, name, operation, paths }) => ({ type, name, operation, paths }));
  return {
    machines,
    images: ofType('Image').map(image),
    kernels: ofType('Kernel').map(kernel),
    others,
    ...messages(diagnostics),
  };
}

export function isChange({ operation }: { operation: Operation }): boolean {
  return operation !== 'same';
}

/** Whether an update would change anything. */
export function hasChanges(summary: Summary): boolean {
  const { machines, images, kernels, others } = summary;
  return [...machines, ...images, ...kernels, ...others].some(isChange);
}

function machine(step: PreviewStep, notes: ReadonlyMap<string, string[]>): Changed {
  const { operation, old, desired, paths } = step;
  const name = String(desired.host ?? old.inputs.host ?? step.name);
  if (!isChange(step)) return { name, operation, lines: [], closure: [], consequences: [] };
  // After a failure the outputs are what the machine runs, and the inputs are what was desired.
  const before = factsIn(old.outputs) ?? factsIn(old.inputs);
  const after = factsIn(desired);
  const another = paths.some((path) => path === 'system' || path === 'live.system');
  const known = another && before && after ? { before, after } : undefined;
  return {
    name,
    operation,
    lines: [
      ...(known ? factsChanges(known.before, known.after) : []),
      ...paths
        .filter((path) => /^(connection|machineId|specialisation|profile)\b/.test(path))
        .map((path) => `~ ${path}`),
      ...paths
        .filter((path) => path === 'live.system' || path === 'live.profileSystem')
        .map((path) => `~ ${path}: the machine was switched by other means`),
    ],
    closure: closureLines(step, notes.get(step.name) ?? []),
    consequences: [
      ...(known ? meaning(step, known.before, known.after) : []),
      ...(paths.includes('live.rebootDue') ? ['the machine will be rebooted: it waits for that'] : []),
    ],
  };
}

function meaning({ old, desired }: PreviewStep, before: HostFacts, after: HostFacts): string[] {
  const { live } = old.outputs as { live?: { kernel?: unknown; specialisation?: unknown } };
  return consequences(before, after, {
    reboot: desired.reboot as ConsequenceOptions['reboot'],
    action: desired.action as ConsequenceOptions['action'],
    specialisation: String(desired.specialisation || live?.specialisation || ''),
    ...(typeof live?.kernel === 'string' ? { runningKernel: live.kernel } : {}),
  });
}

/** The whole list, which this computer keeps after a preview, else the note of the preview, which is cut. */
function closureLines({ old, desired }: PreviewStep, note: readonly string[]): string[] {
  const { live } = old.outputs as { live?: { system?: unknown } };
  const kept = keptChange(String(live?.system ?? ''), String(desired.system ?? ''));
  const lines = kept ? describeClosure(kept) : [];
  if (lines.length === 0) return [...note];
  // Only the note has what is left to build and fetch.
  return [...lines.slice(0, -1), note.at(-1) ?? lines.at(-1) ?? ''];
}

/** The provider's notes on closures, by resource: their lines, also where they name another resource that has the same. */
function closureNotes(diagnostics: readonly Diagnostic[]): Map<string, string[]> {
  const notes = new Map<string, string[]>();
  for (const { resource, message } of diagnostics) {
    if (!isOurs(resource) || !message.startsWith('closure of ')) continue;
    const [headline = '', ...lines] = message.split('\n').map((line) => line.trim());
    const same = / the same as of (\S+)$/.exec(headline)?.[1];
    notes.set(resource.name, same ? (notes.get(same) ?? []) : lines);
  }
  return notes;
}

function image(step: PreviewStep): Changed {
  const [before, after] = [factsIn(step.old.inputs), factsIn(step.desired)];
  const changes = before && after ? factsChanges(before, after) : [];
  const lines = isChange(step) ? changes : [];
  return { name: step.name, operation: step.operation, lines, closure: [], consequences: [] };
}

function kernel(step: PreviewStep): Changed {
  const [before, after] = [
    kernelInputs.safeParse(step.old.inputs).data,
    kernelInputs.safeParse(step.desired).data,
  ];
  const lines = [];
  if (before && after && before.drvPath !== '') {
    lines.push(...kernelChanges(before, after));
    if (before.configured !== undefined && after.configured !== undefined) {
      const configured = configuredChanges(
        { config: before.config, configured: symbolsOf(before.configured) },
        { config: after.config, configured: symbolsOf(after.configured) },
      );
      lines.push(...configured);
    }
  }
  const machines = after?.machines ?? before?.machines ?? [];
  return {
    name: step.name,
    machines,
    operation: step.operation,
    lines: isChange(step) ? lines : [],
    closure: [],
    consequences: [],
  };
}

/** The facts; undefined if they are not known yet, or secret. */
function factsIn({ facts }: Record<string, unknown>): HostFacts | undefined {
  if (typeof facts !== 'string') return undefined;
  try {
    return parseFacts(facts);
  } catch {
    return undefined;
  }
}

/** Each message once. Notes of this provider about resources are left out, as their changes show the same. */
function messages(diagnostics: readonly Diagnostic[]): Pick<Summary, 'errors' | 'warnings' | 'notes'> {
  const texts = (...severities: string[]) => [
    ...new Set(
      diagnostics
        .filter(({ severity, message }) => severities.includes(severity) && message !== '')
        .filter(({ severity, resource }) => severity !== 'info' || !isOurs(resource))
        .map(({ message, resource }) => {
          const plain = message.replace(/^(error|warning): /, '');
          return isOurs(resource) ? `${shortType(resource.type)} ${resource.name}: ${plain}` : plain;
        }),
    ),
  ];
  return { errors: texts('error'), warnings: texts('warning'), notes: texts('info', 'info#err') };
}

type About = NonNullable<Diagnostic['resource']>;

function isOurs(resource: About | undefined): resource is About {
  return resource !== undefined && isProviderType(resource.type);
}

/** `Deployment` of `nixos:index:Deployment`; a type of another provider as it is. */
export function shortType(type: string): string {
  return type.replace(/^nixos:index:/, '');
}
