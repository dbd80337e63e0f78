/**
 * Writes a page about the machines of the selected stack: one HTML file, for a browser without network.
 * Usage: node commands/report/main.ts [--live] [--plan FILE] [--out FILE] [--stack STACK]; see docs/report.md
 * Exit code 1 if a machine could not be read; the file is written all the same.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { counted } from '../../lib/base/text.ts';
import { interruptSignal, print, runCommand } from '../command.ts';
import { exportEncrypted } from '../exported-stack.ts';
import { readTags } from '../stack-config.ts';
import { shownFleet } from './fleet.ts';
import { readLive } from './live.ts';
import { page } from './page.ts';
import { parseFleetPlan } from './plan.ts';
import { recordedFleet } from './recorded-fleet.ts';

const usage = 'usage: nixos-fleet report [--live] [--plan FILE] [--out FILE] [--stack STACK]';

await runCommand(
  {
    usage,
    summary: 'Writes a page about the machines of a stack, as one HTML file.',
    examples: ['report', 'report --live --plan events.jsonl --out fleet.html'],
    options: {
      live: { type: 'boolean', default: false, describe: 'read the machines now' },
      plan: {
        type: 'string',
        value: 'FILE',
        describe: 'events of a run, or what pulumi preview --json printed; - for the input',
      },
      out: {
        type: 'string',
        short: 'o',
        value: 'FILE',
        default: 'fleet.html',
        describe: 'where to write it; - for the output',
      },
    },
    allowPositionals: false,
  },
  async ({ stack, live, plan: file, out }) => {
    const plan =
      file === undefined
        ? undefined
        : parseFleetPlan(file === '-' ? await text(process.stdin) : await readFile(file, 'utf8'));
    const [state, tags] = await Promise.all([exportEncrypted(stack), readTags(stack)]);
    const statuses = live ? await readLive(stack, state, interruptSignal()) : undefined;
    const recorded = recordedFleet(state);
    const fleet = shownFleet({ recorded, statuses, tags, plan, writtenAt: new Date() });
    const markup = page(fleet);
    if (out === '-') process.stdout.write(markup);
    else {
      await writeFile(out, markup);
      const size = Math.ceil(Buffer.byteLength(markup) / 1024);
      print(`${out}: ${counted(fleet.machines.length, 'machine')} of ${recorded.stack}, ${size} KiB\n`);
    }
    return statuses?.some((status) => 'error' in status) ? 1 : 0;
  },
);
