import { formatSize, parseSize } from '../../lib/base/bytes.ts';
import { formatNames } from '../../lib/base/name-ranges.ts';
import { counted } from '../../lib/base/text.ts';
import type { Happening } from '../../schema/run-event.ts';
import { verbOf } from '../summary/markdown.ts';
import { shortType } from '../summary/summarize.ts';
import { type Group, groupEqualItems, type Item } from './equal-lines.ts';
import { machineItems, wholeItems } from './machine-items.ts';

type Planned = Extract<Happening, { event: 'machine-planned' }>;
type OtherPlanned = Extract<Happening, { event: 'resource-planned' }>;

/** How much of a plan is shown. */
interface Room {
  /** Characters in a line, and lines of one list. */
  width: number;
  lines: number;
  groups: number;
  names: number;
}

/** Everything there is to say. */
export const wholeRoom: Room = {
  width: Number.POSITIVE_INFINITY,
  lines: Number.POSITIVE_INFINITY,
  groups: Number.POSITIVE_INFINITY,
  names: Number.POSITIVE_INFINITY,
};

/** From much to little. */
const rooms = [
  { lines: 4, groups: 40, names: 12 },
  { lines: 2, groups: 25, names: 8 },
  { lines: 1, groups: 20, names: 6 },
  { lines: 1, groups: 10, names: 4 },
] as const;

/** The fullest plan of at most so many lines. */
export function fittingPlan(plan: readonly Happening[], width: number, height: number): string[] {
  const texts = rooms.map((room) => planLines(plan, { ...room, width }));
  return texts.find((lines) => rowsOf(lines, width) <= height) ?? texts.at(-1) ?? [];
}

function rowsOf(lines: readonly string[], width: number): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / width)), 0);
}

/** What a run would do, equal changes once. */
export function planLines(plan: readonly Happening[], room: Room): string[] {
  const machines = plan.filter((each) => each.event === 'machine-planned');
  const changing = machines.filter(({ operation }) => operation !== 'same');
  const groups = groupEqualItems(
    changing.map((each) => ({ name: each.machine, items: plannedItems(each, room === wholeRoom) })),
  );
  const more = groups.length - room.groups;
  return [
    planHeadline(plan),
    ...groups.slice(0, room.groups).flatMap((group) => groupLines(group, room)),
    ...(more > 0 ? [`… and ${more} more groups of changes (--details)`] : []),
    ...workLine(changing),
    ...resourceLines(plan, room),
  ];
}

/** `30 machines change, 2 are new, 5 unchanged`. */
export function planHeadline(plan: readonly Happening[]): string {
  const operations = plan.flatMap((each) => (each.event === 'machine-planned' ? [each.operation] : []));
  const others = othersIn(plan).length;
  const counts = (['update', 'create', 'import', 'replace', 'delete', 'same'] as const).flatMap(
    (operation) => {
      const count = operations.filter((each) => each === operation).length;
      return count > 0 ? [`${counted(count, 'machine')} ${verbOf(operation, count)}`] : [];
    },
  );
  const beside =
    others > 0 ? [`${others} other ${others === 1 ? 'resource changes' : 'resources change'}`] : [];
  return [...counts, ...beside].join(', ') || 'nothing changes';
}

/** What is no machine and changes. A wave changes with its machines, and has a line of its own. */
function othersIn(plan: readonly Happening[]): OtherPlanned[] {
  return plan.flatMap((each) =>
    each.event === 'resource-planned' && each.resource.type !== 'nixos:index:Wave' ? [each] : [],
  );
}

/** The lines about a machine; `isWhole` with the changed lines of texts and all that is known of packages. */
export function plannedItems(planned: Planned, isWhole: boolean): Item[] {
  const items = isWhole ? wholeItems(planned) : machineItems(planned);
  return items.length > 0 ? items : [{ kind: 'operation', list: '', text: 'settings of the deployment' }];
}

function groupLines({ names, items }: Group, room: Room): string[] {
  const title = formatNames(names, room.names);
  const count = names.length > 2 ? ` (${names.length})` : '';
  const alone = items.filter(({ list }) => list === '').map(({ text }) => text);
  const lists = new Map<string, string[]>();
  for (const { list, text } of items) if (list !== '') lists.set(list, [...(lists.get(list) ?? []), text]);
  const isSwitch = (list: string) => list.includes('the switch ');
  const switches = [...lists].filter(([list]) => isSwitch(list));
  const lines = [
    ...alone,
    ...joined(switches),
    ...[...lists]
      .filter(([list]) => !isSwitch(list))
      .map(([list, texts]) => listLine(`${list}: `, texts, room)),
  ];
  const [only = ''] = lines;
  const short = `${title}${count}: ${only}`;
  if (lines.length === 1 && short.length <= room.width) return [short];
  return [`${title}${count}:`, ...lines.map((line) => `  ${line}`)];
}

/** `the switch restarts a, b; reloads c`. */
function joined(lists: readonly (readonly [string, readonly string[]])[]): string[] {
  const clauses = new Map<string, string[]>();
  for (const [list, units] of lists) {
    const [, who = '', verb = ''] = /^(.*the switch )(.*)$/.exec(list) ?? [];
    clauses.set(who, [...(clauses.get(who) ?? []), `${verb} ${units.join(', ')}`]);
  }
  return [...clauses].map(([who, texts]) => `${who}${texts.join('; ')}`);
}

/** As much of a list as there is room for. */
function listLine(label: string, texts: readonly string[], { width, lines }: Room): string {
  const limit = width * lines - 16;
  let line = label;
  for (const [index, text] of texts.entries()) {
    const next = `${line}${index > 0 ? ', ' : ''}${text}`;
    if (next.length > limit && index > 0) return `${line} and ${texts.length - index} more`;
    line = next;
  }
  return line;
}

/** `to build: up to 6 derivations a machine; to copy: 21 paths, about 2 MiB in all`. */
export function workLine(machines: readonly Planned[]): string[] {
  const lines = machines.flatMap(({ closure }) => closure.slice(-1));
  const numbers = (pattern: RegExp) => lines.flatMap((line) => Number(pattern.exec(line)?.[1] ?? []));
  const builds = Math.max(0, ...numbers(/to build: (\d+) derivation/));
  const sum = (values: readonly number[]) => values.reduce((one, other) => one + other, 0);
  const paths = sum(numbers(/to copy: (\d+) path/));
  const size = sum(lines.map((line) => parseSize(/to copy: .*/.exec(line)?.[0] ?? '')));
  const work = [
    ...(builds > 0
      ? [
          `to build: ${machines.length > 1 ? 'up to ' : ''}${counted(builds, 'derivation')}${machines.length > 1 ? ' a machine' : ''}`,
        ]
      : []),
    ...(paths > 0
      ? [
          `to copy: ${counted(paths, 'path')}, about ${formatSize(size)}${machines.length > 1 ? ' in all' : ''}`,
        ]
      : []),
  ];
  return work.length > 0 ? [work.join('; ')] : [];
}

export function resourceLines(plan: readonly Happening[], room: Room): string[] {
  const groups = new Map<
    string,
    { label: string; names: string[]; changes: string[]; verb: (count: number) => string }
  >();
  for (const each of othersIn(plan)) {
    const { resource, operation, machines = [], changes } = each;
    const key = JSON.stringify([resource.type, operation, changes]);
    const of = machines.length > 0 ? ` of ${formatNames(machines, room.names)}` : '';
    const group = groups.get(key) ?? {
      label: shortType(resource.type),
      names: [],
      changes: changes.filter((line) => !line.startsWith(' ')),
      verb: (count: number) => `${verbOf(operation, count)}${of}`,
    };
    group.names.push(resource.name);
    groups.set(key, group);
  }
  const all = [...groups.values()];
  const more = all.length - room.groups;
  return [
    ...all.slice(0, room.groups).map(({ label, names, changes, verb }) => {
      const what = `${label} ${formatNames(names, room.names)} ${verb(names.length)}`;
      return changes.length > 0 ? listLine(`${what}: `, changes, { ...room, lines: 1 }) : what;
    }),
    ...(more > 0 ? [`… and ${more} more kinds of changes of other resources (--details)`] : []),
  ];
}
