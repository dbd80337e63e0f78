import { configuredChanges, factsChanges, kernelChanges } from '../../lib/evaluation/changes.ts';
import { consequences } from '../../lib/evaluation/consequences.ts';
import { type HostFacts, parseFacts } from '../../schema/facts.ts';
import { kernelInputs, symbolsOf } from '../../schema/kernel.ts';
import type { Diagnostic, Operation, Preview, PreviewStep } from './parse-preview.ts';

/** A machine, an image or a kernel, with what changes in it. */
export interface Changed {
  name: string;
  operation: Operation;
  /** What changes, one leaf a line; below a unit the lines of its text. */
  lines: string[];
  /** What it means for the machine: a reboot, a switch that will be refused. */
  consequences: string[];
}

/** A resource of any other kind. Only the names of its properties are told: their values may be anybody's secret. */
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

/** What somebody who reviews a change wants to know of its preview. Pure, but for the texts of units that this computer keeps. */
export function summarize({ steps, diagnostics }: Preview): Summary {
  // The engine takes them as they come.
  const sorted = steps.toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
  const ofType = (name: string) => sorted.filter(({ type }) => shortType(type) === name);
  const machines = ofType('Deployment').map(machine);
  const told = ['Deployment', 'Image', 'Kernel'];
  const changing = new Set(machines.filter(isChange).map(({ name }) => name));
  const others = sorted
    .filter(({ type }) => !told.includes(shortType(type)))
    // A system is built for the deployment that says what is new in it.
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

/** Whether anything would be changed by an update. */
export function hasChanges(summary: Summary): boolean {
  const { machines, images, kernels, others } = summary;
  return [...machines, ...images, ...kernels, ...others].some(isChange);
}

function machine(step: PreviewStep): Changed {
  const { operation, old, asked, paths } = step;
  const name = String(asked.host ?? old.inputs.host ?? step.name);
  if (!isChange(step)) return { name, operation, lines: [], consequences: [] };
  // After a failure the state tells what the machine runs, and the inputs what was asked.
  const before = factsIn(old.outputs) ?? factsIn(old.inputs);
  const after = factsIn(asked);
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
    consequences: [
      ...(known ? meaning(step, known.before, known.after) : []),
      ...(paths.includes('live.rebootDue') ? ['the machine will be rebooted: it waits for that'] : []),
    ],
  };
}

function meaning({ old, asked }: PreviewStep, before: HostFacts, after: HostFacts): string[] {
  const { live } = old.outputs as { live?: { kernel?: unknown } };
  return consequences(before, after, {
    reboot: asked.reboot as 'never' | 'when-needed' | 'always' | undefined,
    ...(typeof live?.kernel === 'string' ? { runningKernel: live.kernel } : {}),
  });
}

function image(step: PreviewStep): Changed {
  const [before, after] = [factsIn(step.old.inputs), factsIn(step.asked)];
  const changes = before && after ? factsChanges(before, after) : [];
  const lines = isChange(step) ? changes : [];
  return { name: step.name, operation: step.operation, lines, consequences: [] };
}

function kernel(step: PreviewStep): Changed {
  const [before, after] = [
    kernelInputs.safeParse(step.old.inputs).data,
    kernelInputs.safeParse(step.asked).data,
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
    name: machines.length > 0 ? `${step.name} of ${machines.join(', ')}` : step.name,
    operation: step.operation,
    lines: isChange(step) ? lines : [],
    consequences: [],
  };
}

/** Facts that are there; a preview may not know them yet. */
function factsIn({ facts }: Record<string, unknown>): HostFacts | undefined {
  if (typeof facts !== 'string') return undefined;
  try {
    return parseFacts(facts);
  } catch {
    return undefined;
  }
}

/** What was said, once each. What providers note of resources is told by their changes. */
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
  return resource?.type.startsWith('nixos:') === true;
}

/** `Deployment` of `nixos:index:Deployment`; a type of another provider as it is. */
export function shortType(type: string): string {
  return type.replace(/^nixos:index:/, '');
}
