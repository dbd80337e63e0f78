// Prints the stack's `machines` output (JSON on stdin) as a table on stdout. Prints nothing where there is no machine.
import { text } from 'node:stream/consumers';

const columns = ['machine', 'generation', 'system', 'kernel', 'services', 'since'] as const;
type Row = Record<(typeof columns)[number], string>;

/** One cell: lists with commas, what is not known as a dash, store paths without their hash, times without letters. */
function cell(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(cell).join(', ');
  if (value === undefined || value === null || value === '') return '–';
  if (typeof value === 'object') return cell(Object.keys(value));
  return String(value)
    .replace(/^\/nix\/store\/[0-9a-z]{32}-/, '')
    .replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/, '$1 $2 UTC');
}

export function demoTable(machines: Record<string, Record<string, unknown>>): string {
  const header = Object.fromEntries(columns.map((column) => [column, column])) as Row;
  const rows = Object.entries(machines)
    .sort(([a], [b]) => a.localeCompare(b, 'en'))
    .map(
      ([machine, facts]) =>
        Object.fromEntries(
          columns.map((column) => [column, column === 'machine' ? machine : cell(facts[column])]),
        ) as Row,
    );
  if (rows.length === 0) return '';
  const lines = [header, ...rows];
  const widths = columns.map((column) => Math.max(...lines.map((row) => row[column].length)));
  return lines
    .map((row) =>
      columns
        .map((column, index) => row[column].padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

if (import.meta.main) {
  const input = await text(process.stdin);
  if (input.trim() !== '') process.stdout.write(demoTable(JSON.parse(input)));
}
