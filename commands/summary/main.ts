/**
 * Prints what an update of a stack would change, as Markdown for a pull request.
 * Usage: node commands/summary/main.ts [--stack STACK] [--from FILE] [--output FILE] [--limit CHARACTERS] [-- PULUMI’S OPTIONS…]
 * It runs `pulumi preview --json`, or reads what that printed: --from FILE, or - for standard input.
 * Exit code: 0 for no changes, 2 for changes, 1 for a failed preview.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { FleetError } from '../../lib/base/errors.ts';
import { presentable } from '../../lib/base/presentable.ts';
import { interruptSignal, print, runCommand } from '../command.ts';
import { commentLimit, fittingMarkdown } from './fit.ts';
import { headline } from './markdown.ts';
import { parsePreview } from './parse-preview.ts';
import { runPreview } from './run-preview.ts';
import { hasChanges, type Summary, summarize } from './summarize.ts';

const usage =
  'usage: nixos-fleet summary [--stack STACK] [--from FILE] [--output FILE] [--limit CHARACTERS] [-- PULUMI’S OPTIONS…]';

await runCommand(
  {
    usage,
    summary: 'Prints what an update of the stack would change, as Markdown.',
    examples: ['summary --stack prod --output summary.md', 'summary --from preview.json'],
    options: {
      from: {
        type: 'string',
        value: 'FILE',
        describe: 'what pulumi preview --json printed; - for the input',
      },
      output: { type: 'string', short: 'o', value: 'FILE', describe: 'write it to a file' },
      limit: { type: 'string', value: 'CHARACTERS', describe: 'longest text', default: String(commentLimit) },
    },
    // 2 means that there are changes.
    errorCode: 1,
  },
  async ({ from, stack, output, limit: given }, options) => {
    const limit = Number(given);
    if (!Number.isInteger(limit) || limit < 1000) {
      throw new FleetError({
        code: 'config-invalid',
        what: '--limit must be a number of characters, 1000 or more',
      });
    }
    const { preview, failure } =
      from === undefined
        ? await runPreview({ stack, options, signal: interruptSignal() })
        : { preview: parsePreview(from === '-' ? await text(process.stdin) : await readFile(from, 'utf8')) };
    const summary: Summary = summarize(preview);
    if (failure !== undefined && summary.errors.length === 0) summary.errors.push(failure);
    const name = stack ?? preview.stack ?? 'the stack';
    const markdown = fittingMarkdown(name, summary, limit);
    if (output === undefined) print(markdown);
    else {
      await writeFile(output, presentable(markdown));
      print(`Preview of ${name}: ${headline(summary)}\n`);
    }
    if (summary.errors.length > 0) return 1;
    return hasChanges(summary) ? 2 : 0;
  },
);
