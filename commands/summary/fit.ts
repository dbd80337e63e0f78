import { headline, type Room, toMarkdown } from './markdown.ts';
import type { Summary } from './summarize.ts';

/** What a comment on GitHub may have. */
export const commentLimit = 65_536;

/** From all that there is to what remains of thousands of machines. */
const rooms: readonly Room[] = [
  { lines: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY },
  ...[200, 100, 50, 25, 10].map((lines) => ({ lines, rows: Number.POSITIVE_INFINITY })),
  ...[400, 200, 100, 50, 20].map((rows) => ({ lines: 5, rows })),
];

/** The fullest Markdown that has at most `limit` characters; what was cut is told. Pure. */
export function fittingMarkdown(stack: string, summary: Summary, limit = commentLimit): string {
  for (const room of rooms) {
    const text = toMarkdown(stack, summary, room);
    const cut = room === rooms[0] ? '' : '\n_Cut to fit: the whole preview is in the log of this run._\n';
    if (text.length + cut.length <= limit) return text + cut;
  }
  const short = `### Preview of ${stack}: ${headline(summary)}\n\n_Too long to be shown here: it is in the log of this run._\n`;
  return short.slice(0, limit);
}
