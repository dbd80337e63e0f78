/** What a run found, as tables: printed, and with WRITE_DOCS=1 kept in docs/real-nixos.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { textTable } from '../../lib/base/table.ts';

const page = new URL('../../docs/real-nixos.md', import.meta.url);

/** Prints a table; its place on the page is between `<!-- NAME -->` and `<!-- end -->`. */
export function report(name: string, rows: readonly string[][]): void {
  console.log(textTable(rows));
  if (process.env.WRITE_DOCS !== '1') return;
  const old = readFileSync(page, 'utf8');
  const [before, rest = ''] = old.split(`<!-- ${name} -->\n`);
  const after = rest.slice(rest.indexOf('<!-- end -->'));
  if (!after) throw new Error(`docs/real-nixos.md has no place for ${name}`);
  writeFileSync(page, `${before}<!-- ${name} -->\n${markdownTable(rows)}${after}`);
}

function markdownTable([head = [], ...rows]: readonly string[][]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}
