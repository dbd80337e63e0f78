type Rows = readonly (readonly string[])[];

/** A table with aligned columns. The last cell of a row does not widen its column. */
export function textTable(rows: Rows): string {
  const widths = widthsOf(rows, (cells, column) => column < cells.length - 1);
  return rows.map((cells) => `${padded(cells, widths).join('  ').trimEnd()}\n`).join('');
}

/** A Markdown table with aligned columns. */
export function markdownTable(header: readonly string[], rows: Rows): string {
  const widths = widthsOf([header, ...rows], () => true);
  const line = (cells: readonly string[]) => `| ${padded(cells, widths).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}

function widthsOf(rows: Rows, counts: (cells: readonly string[], column: number) => boolean): number[] {
  const columns = rows[0] ?? [];
  return columns.map((_, column) =>
    Math.max(...rows.map((cells) => (counts(cells, column) ? (cells[column]?.length ?? 0) : 0))),
  );
}

function padded(cells: readonly string[], widths: readonly number[]): string[] {
  return cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
}
