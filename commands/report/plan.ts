import { FleetError } from '../../lib/base/errors.ts';
import { type Happening, type RunError, runEvent } from '../../schema/run-event.ts';
import { type Group, groupEqualItems, groupEqualTexts } from '../fleet/equal-lines.ts';
import { planHeadline, plannedItems, resourceLines, wholeRoom, workLine } from '../fleet/plan-text.ts';
import { plannedEvents } from '../fleet/planned-events.ts';
import { parsePreview } from '../summary/parse-preview.ts';
import { summarize } from '../summary/summarize.ts';

export type PlannedMachine = Extract<Happening, { event: 'machine-planned' }>;

/** A symbol of a kernel's configuration that changes. */
interface SymbolChange {
  symbol: string;
  /** Empty where it is not set. */
  before: string;
  after: string;
}

interface KernelChange {
  name: string;
  machines: string[];
  symbols: SymbolChange[];
  /** Other changes, one a line: version, source, patches. */
  others: string[];
}

/** Equal messages, each with the machines that have it. */
interface ShownMessage {
  names: string[];
  text: string;
}

/** The pending change, as a preview reports it. */
export interface ShownPlan {
  stack: string | undefined;
  headline: string;
  /** Equal changes of machines, each once. */
  groups: Group[];
  /** The same with the changed lines of texts and all that is known of packages. */
  whole: Group[];
  /** What there is to build and to copy. */
  work: string[];
  kernels: KernelChange[];
  /** Other resources that change. */
  resources: string[];
  /** Ages of the flake's inputs; undefined if the preview did not report them. */
  inputs: string | undefined;
  errors: ShownMessage[];
  warnings: ShownMessage[];
  notes: ShownMessage[];
  machines: PlannedMachine[];
  /** Machines that are removed from the stack. */
  removed: string[];
}

/**
 * Reads events of `npm run fleet -- preview --events`, or what `pulumi preview --json` prints.
 * @throws FleetError config-invalid
 */
export function parseFleetPlan(text: string): ShownPlan {
  const plan = parseEvents(text) ?? eventsOfPreview(text);
  if (!plan.some(({ event }) => event === 'machine-planned' || event.endsWith('-failed')))
    throw new FleetError({
      code: 'config-invalid',
      what: 'the plan has no machines',
      fix: 'Write it with: npm run fleet -- preview --events FILE',
    });
  return shownPlan(plan);
}

/** Undefined for another text. Kinds of events that a newer version added are left out. */
function parseEvents(text: string): Happening[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (!/^\{"(at|event)":/.test(lines[0] ?? '')) return undefined;
  return lines.flatMap((line) => {
    try {
      return runEvent.safeParse(JSON.parse(line)).data ?? [];
    } catch {
      // The last line of a run that was killed.
      return [];
    }
  });
}

function eventsOfPreview(text: string): Happening[] {
  const preview = parsePreview(text);
  const summary = summarize(preview);
  const isRemoved = ({ operation }: { operation: string }) => operation === 'delete';
  const message = (severity: 'info' | 'warning') => (each: string) => ({
    event: 'message' as const,
    severity,
    text: each,
  });
  return [
    { event: 'run-began', format: 1, action: 'preview', stack: preview.stack, machines: [], of: 0 },
    ...plannedEvents(
      summary.machines.filter((each) => !isRemoved(each)),
      summary.machines.filter(isRemoved),
      summary,
    ),
    ...summary.errors.map((what): Happening => ({ event: 'run-failed', error: { what } })),
    ...summary.warnings.map(message('warning')),
    ...summary.notes.map(message('info')),
  ];
}

function shownPlan(plan: readonly Happening[]): ShownPlan {
  const machines = plan.filter((each) => each.event === 'machine-planned');
  const changing = machines.filter(({ operation }) => operation !== 'same');
  const resources = plan.filter((each) => each.event === 'resource-planned');
  const shown = (severity: string) =>
    groupEqualTexts(
      plan
        .filter((each) => each.event === 'message')
        .filter((each) => each.severity === severity && !isInputs(each.text))
        .map((each) => ({ name: each.machine ?? each.resource?.name ?? '', text: each.text })),
    );
  const isKernel = ({ resource }: (typeof resources)[number]) => resource.type === 'nixos:index:Kernel';
  return {
    stack: plan.find((each) => each.event === 'run-began')?.stack,
    headline: planHeadline(plan),
    groups: groupEqualItems(
      changing.map((each) => ({ name: each.machine, items: plannedItems(each, false) })),
    ),
    whole: groupEqualItems(changing.map((each) => ({ name: each.machine, items: plannedItems(each, true) }))),
    work: workLine(changing),
    kernels: resources.filter(isKernel).map(({ resource, machines = [], changes }) => ({
      name: resource.name,
      machines,
      symbols: changes.flatMap((line) => parseSymbol(line) ?? []),
      others: changes.filter((line) => parseSymbol(line) === undefined),
    })),
    resources: resourceLines(
      resources.filter((each) => !isKernel(each)),
      wholeRoom,
    ),
    inputs: plan.flatMap((each) => (each.event === 'message' && isInputs(each.text) ? each.text : []))[0],
    errors: groupEqualTexts(plan.flatMap(failure)),
    warnings: shown('warning'),
    notes: shown('info'),
    machines,
    removed: resources
      .filter(
        ({ resource, operation }) => resource.type === 'nixos:index:Deployment' && operation === 'delete',
      )
      .map(({ resource }) => resource.name),
  };
}

const isInputs = (text: string) => text.startsWith('inputs of the flake: ');

function failure(each: Happening): { name: string; text: string }[] {
  if (each.event === 'machine-failed') return [{ name: each.machine, text: errorText(each.error) }];
  if (each.event === 'resource-failed') return [{ name: each.resource.name, text: errorText(each.error) }];
  return each.event === 'run-failed' ? [{ name: each.error.host ?? '', text: errorText(each.error) }] : [];
}

function errorText({ code, what, why, fix }: RunError): string {
  return [code ? `${what} [${code}]` : what, why, fix && `fix: ${fix}`].filter(Boolean).join('\n');
}

/** `~ config.KVM: "m" => "y"`, or `~ KVM: m => y` of a whole configuration. */
function parseSymbol(line: string): SymbolChange | undefined {
  const [, sign, symbol, value] =
    /^([~+-]) (?:config\.)?((?<=config\.)\w+|[A-Z][A-Z0-9_]*): (.*)$/.exec(line) ?? [];
  if (symbol === undefined || value === undefined) return undefined;
  const plain = (text = '') => text.replace(/^"(.*)"$/, '$1').replaceAll('\\"', '"');
  if (sign === '+') return { symbol, before: '', after: plain(value) };
  if (sign === '-') return { symbol, before: plain(value), after: '' };
  const [before, after] = value.split(' => ');
  return { symbol, before: plain(before), after: plain(after) };
}
