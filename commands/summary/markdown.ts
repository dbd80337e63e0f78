import { formatNames } from '../../lib/base/name-ranges.ts';
import type { Operation } from './parse-preview.ts';
import { type Changed, isChange, type OtherChange, type Summary, shortType } from './summarize.ts';

/** How much of a summary is shown. */
export interface Room {
  /** Lines of one list. */
  lines: number;
  /** Machines, images, kernels, and other resources. */
  rows: number;
}

const verbs: Record<Operation, string> = {
  same: 'unchanged',
  create: 'is new',
  update: 'changes',
  replace: 'is replaced',
  delete: 'is removed from the stack',
  import: 'is adopted',
};

/** A summary as Markdown for a pull request. Texts from a configuration are code, so that none becomes a mention or markup. */
export function toMarkdown(stack: string, summary: Summary, room: Room): string {
  const { machines, images, kernels, others, errors, warnings, notes } = summary;
  return [
    `<!-- nixos-fleet preview ${stack.replaceAll('--', '- -')} -->`,
    `### Preview of ${code(stack)}: ${headline(summary)}`,
    ...messages('Errors', errors, room),
    ...table(machines.filter(isChange), room),
    ...details(machines.filter(isChange), room),
    ...closures(machines, room),
    ...section('Kernels', kernels.filter(isChange), room),
    ...section('Images', images.filter(isChange), room),
    ...list(others, room),
    ...messages('Warnings', warnings, room),
    ...messages('Notes', notes, room),
  ]
    .map((part) => `${part}\n`)
    .join('\n');
}

/** `2 machines change, 1 is new, 5 unchanged`. */
export function headline({ machines, others, images, kernels, errors }: Summary): string {
  const failed = errors.length > 0 ? ['it failed'] : [];
  const counts = (['update', 'create', 'import', 'replace', 'delete', 'same'] as const).flatMap(
    (operation) => {
      const count = machines.filter((machine) => machine.operation === operation).length;
      return count > 0
        ? [`${count} ${count === 1 ? 'machine' : 'machines'} ${verbOf(operation, count)}`]
        : [];
    },
  );
  const rest = [...others, ...images, ...kernels].filter(isChange).length;
  const beside = rest > 0 ? [`${rest} other ${rest === 1 ? 'resource changes' : 'resources change'}`] : [];
  const all = [...failed, ...counts, ...beside];
  return all.length > 0 ? all.join(', ') : 'nothing changes';
}

/** `changes`, or of several `change`. */
export function verbOf(operation: Operation, count: number): string {
  const verb = verbs[operation];
  return count === 1 ? verb : verb.replace(/^changes$/, 'change').replace(/^is /, 'are ');
}

function table(machines: readonly Changed[], { rows }: Room): string[] {
  if (machines.length === 0) return [];
  const lines = machines.slice(0, rows).map(({ name, operation, lines, consequences }) => {
    const cells = [code(name), verbs[operation], String(countOf(lines) || '–')];
    return `| ${[...cells, consequences.map(code).join('<br>') || '–'].join(' | ')} |`;
  });
  const more = machines.length - lines.length;
  return [
    [
      '| machine | | changes | what it means |',
      '|---|---|---|---|',
      ...lines,
      ...(more > 0 ? [`| … and ${more} more | | | |`] : []),
    ].join('\n'),
  ];
}

function section(title: string, changed: readonly Changed[], room: Room): string[] {
  if (changed.length === 0) return [];
  const bare = changed.filter(({ lines }) => lines.length === 0).slice(0, room.rows);
  return [
    `#### ${title}`,
    ...(bare.length > 0
      ? [bare.map((each) => `- ${code(labelOf(each))} ${verbs[each.operation]}`).join('\n')]
      : []),
    ...details(changed, room),
  ];
}

/** The changes of each, folded; resources with equal changes share one list. */
function details(changed: readonly Changed[], room: Room): string[] {
  return folded(
    changed,
    ({ lines }) => lines,
    room,
    (lines) => {
      const count = countOf(lines);
      return { title: `${count} ${count === 1 ? 'change' : 'changes'}`, lines };
    },
  );
}

/** The changes of closures in the same way: the first line is the title. */
function closures(machines: readonly Changed[], room: Room): string[] {
  return folded(
    machines,
    ({ closure }) => closure,
    room,
    ([title = '', ...lines]) => ({
      title: `closure, ${title}`,
      lines,
    }),
  );
}

function folded(
  changed: readonly Changed[],
  linesOf: (each: Changed) => readonly string[],
  { lines: most, rows }: Room,
  blockOf: (lines: readonly string[]) => { title: string; lines: readonly string[] },
): string[] {
  const groups = new Map<string, { names: string[]; lines: readonly string[] }>();
  for (const each of changed) {
    const lines = linesOf(each);
    if (lines.length === 0) continue;
    const key = lines.join('\n');
    const group = groups.get(key) ?? { names: [], lines };
    group.names.push(labelOf(each));
    groups.set(key, group);
  }
  return [...groups.values()].slice(0, rows).map(({ names, lines }) => {
    const block = blockOf(lines);
    const shown = names.slice(0, rows).map((name) => `<code>${html(name)}</code>`);
    const more = names.length > rows ? ` and ${names.length - rows} more` : '';
    const summary = `${shown.join(', ')}${more}: ${html(block.title)}`;
    return `<details><summary>${summary}</summary>\n\n${fenced(block.lines, most, 'diff')}\n\n</details>`;
  });
}

function labelOf({ name, machines = [] }: Changed): string {
  return machines.length > 0 ? `${name} of ${formatNames(machines)}` : name;
}

function list(others: readonly OtherChange[], { rows }: Room): string[] {
  if (others.length === 0) return [];
  const lines = others.slice(0, rows).map(({ type, name, operation, paths }) => {
    const shown = [...paths.slice(0, 10).map(code), ...(paths.length > 10 ? ['…'] : [])];
    return `- ${code(`${shortType(type)} ${name}`)} ${verbs[operation]}${shown.length > 0 ? `: ${shown.join(', ')}` : ''}`;
  });
  const more = others.length - lines.length;
  return ['#### Other resources', [...lines, ...(more > 0 ? [`- … and ${more} more`] : [])].join('\n')];
}

function messages(title: string, texts: readonly string[], { lines }: Room): string[] {
  if (texts.length === 0) return [];
  return [`#### ${title}`, fenced(texts.join('\n\n').split('\n'), Math.max(lines, 10), 'text')];
}

function fenced(lines: readonly string[], most: number, language: string): string {
  const more = lines.length - most;
  const shown = more > 0 ? [...lines.slice(0, most), `… and ${more} more lines, cut to fit`] : lines;
  const text = shown.join('\n');
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

/** Number of changed properties, without the lines of texts below them. */
function countOf(lines: readonly string[]): number {
  return lines.filter((line) => /^[+~-] /.test(line)).length;
}

function code(text: string): string {
  const plain = text.replaceAll('\n', ' ').replaceAll('|', '\\|');
  const fence = '`'.repeat(longestRun(plain) + 1);
  return fence.length === 1 ? `\`${plain}\`` : `${fence} ${plain} ${fence}`;
}

function html(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('@', '&#64;');
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
