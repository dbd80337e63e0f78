import { headline, type Room, toMarkdown } from './markdown.ts';
import type { Summary } from './summarize.ts';

/** Longest comment on GitHub, in characters. */
export const commentLimit = 65_536;

/** Limits to try, from none to those for thousands of machines. */
const rooms: readonly Room[] = [
  { lines: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY },
  ...[200, 100, 50, 25, 10].map((lines) => ({ lines, rows: Number.POSITIVE_INFINITY })),
  ...[400, 200, 100, 50, 20].map((rows) => ({ lines: 5, rows })),
];

/** The most detailed Markdown of at most `limit` characters, with a note if it was cut. */
export function fittingMarkdown(stack: string, summary: Summary, limit = commentLimit): string {
  for (const room of rooms) {
    const text = toMarkdown(stack, summary, room);
    const cut = room === rooms[0] ? '' : '\n_Cut to fit: the whole preview is in the log of this run._\n';
    if (text.length + cut.length <= limit) return text + cut;
  }
  const short = `### Preview of ${stack}: ${headline(summary)}\n\n_Too long to be shown here: it is in the log of this run._\n`;
  return short.slice(0, limit);
}
