// Prints the stack's `machines` output (JSON on stdin) as a table on stdout; nothing without machines.
import { text } from 'node:stream/consumers';
import { textTable } from '../lib/base/table.ts';

const columns = ['machine', 'generation', 'system', 'kernel', 'services', 'since'] as const;

/** A cell: lists joined by commas, unknown values as a dash, store paths without their hash, times as UTC. */
function cell(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(cell).join(', ');
  if (value === undefined || value === null || value === '') return '–';
  if (typeof value === 'object') return cell(Object.keys(value));
  return String(value)
    .replace(/^\/nix\/store\/[0-9a-z]{32}-/, '')
    .replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/, '$1 $2 UTC');
}

export function demoTable(machines: Record<string, Record<string, unknown>>): string {
  const rows = Object.entries(machines)
    .sort(([a], [b]) => a.localeCompare(b, 'en'))
    .map(([machine, facts]) =>
      columns.map((column) => (column === 'machine' ? machine : cell(facts[column]))),
    );
  return rows.length === 0 ? '' : textTable([columns, ...rows]);
}

if (import.meta.main) {
  const input = await text(process.stdin);
  if (input.trim() !== '') process.stdout.write(demoTable(JSON.parse(input)));
}
