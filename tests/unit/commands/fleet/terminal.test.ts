/** The display of `npm run fleet` in a terminal emulator. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters, styleText } from 'node:util';
import { Display } from '../../../../commands/fleet/display.ts';
import { noPaint, type Paint } from '../../../../commands/fleet/paint.ts';
import { wrapped } from '../../../../commands/fleet/readable.ts';
import { type Chunk, readableText, type Screen, screensOf } from '../../../../docs/recordings/screens.ts';
import type { Happening } from '../../../../schema/run-event.ts';

const size = { columns: 60, rows: 14 };
const coloured: Paint = (format, text) => styleText(format, text, { validateStream: false });

/** Writes what a display shows of events, each a second later, drawn as often as time passes. */
async function shown(
  events: readonly Happening[],
  paint = coloured,
): Promise<{ screens: Screen[]; text: string }> {
  const chunks: Chunk[] = [];
  let now = 0;
  let due: (() => void) | undefined;
  const terminal = {
    columns: size.columns,
    rows: size.rows,
    write: (text: string) => chunks.push({ at: now, text: text.replaceAll('\n', '\r\n') }) > 0,
  };
  const display = new Display(terminal as never, {
    action: 'up',
    skipPreview: false,
    isTerminal: true,
    details: false,
    paint,
    clock: {
      now: () => now,
      after: (_, callback) => {
        due = callback;
        return () => {
          due = undefined;
        };
      },
    },
  });
  for (const event of events) {
    display.take(event);
    now += 1000;
    const draw = due;
    due = undefined;
    draw?.();
  }
  return { screens: await screensOf(chunks, size), text: await readableText(chunks, size) };
}

const textOf = ({ rows }: Screen) =>
  rows
    .map((row) => row.reduce((line, { column, text }) => line.padEnd(column) + text, ''))
    .join('\n')
    .trimEnd();

const began: Happening = {
  event: 'run-began',
  format: 1,
  action: 'up',
  stack: undefined,
  machines: ['db', 'web'],
  of: 2,
};
const building = (text: string): Happening => ({ event: 'phase', machine: 'web', phase: 'building', text });

const plan: Happening[] = [
  began,
  {
    event: 'machine-planned',
    machine: 'web',
    operation: 'update',
    consequences: ['the machine will be rebooted: kernel 6.1.1 → 6.2'],
    changes: [],
    closure: [],
  },
  {
    event: 'resource-planned',
    resource: { type: 'nixos:index:Kernel', name: 'linux' },
    operation: 'update',
    machines: ['web'],
    changes: ['~ config.PRINTK_TIME: "n" => "y"'],
  },
  { event: 'preview-ended', exitCode: 0 },
];

test('builds that run at once are a tree, with where and how long; one alone is a line', async () => {
  const { screens } = await shown([
    ...plan,
    building('building 1/3: linux-6.2 on big.example.org'),
    building('building 1/3: linux-6.2 on big.example.org, curl-8.17'),
    building('building 2/3: linux-6.2 on big.example.org, unit-nginx'),
    building('building 3/3: unit-nginx'),
  ]);
  const works = screens.map((screen) => textOf(screen).split(/\n(?=web {2})/)[1]);
  assert.deepEqual(works.slice(-4), [
    'web  building 1/3: linux-6.2 on big.example.org  (1 s)\n0 of 1 done, 1 at work  (5 s)',
    'web  building 1/3  (2 s)\n     ├ linux-6.2 on big.example.org  (1 s)\n     └ curl-8.17  (1 s)\n0 of 1 done, 1 at work  (6 s)',
    'web  building 2/3  (3 s)\n     ├ linux-6.2 on big.example.org  (2 s)\n     └ unit-nginx  (1 s)\n0 of 1 done, 1 at work  (7 s)',
    'web  building 3/3: unit-nginx  (4 s)\n0 of 1 done, 1 at work  (8 s)',
  ]);
});

test('without room for a tree, a machine has one line, cut to the width', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `a-rather-long-package-${index}`);
  const { screens } = await shown([...plan, building(`building 1/99: ${names.join(', ')}`)]);
  const lines = textOf(screens.at(-1) as Screen).split('\n');
  assert.match(lines.at(-2) ?? '', /^web {2}building 1\/99: a-rather-long.*…$/);
  assert.ok(lines.every((line) => line.length <= size.columns));
});

test('a plan has its subjects in bold, risks in yellow and signs in colour; without colours it has the same text', async () => {
  const { screens, text } = await shown(plan);
  const runs = (screens.at(-1)?.rows ?? []).flat();
  const of = (pattern: RegExp) => runs.find((run) => pattern.test(run.text));
  assert.equal(of(/^\s*web:/)?.bold, true);
  assert.equal(of(/will be rebooted/)?.colour, 3);
  assert.equal(of(/^Kernel linux changes of web:/)?.bold, true);
  assert.equal(of(/^\s*~$/)?.colour, 3);
  assert.equal((await shown(plan, noPaint)).text, text);
});

test('no word is broken where a line ends, but one that is longer', async () => {
  const long = '/nix/store/q5sx5k90sda4sk2dbw3b5lrqya4glqs0-nixos-system-edge-lab-2.36';
  const error = {
    code: 'health-check-failed',
    what: 'the new system was rejected by one of the health checks of this machine',
    why: 'health check whole did not pass within 1 s, and neither did the one after it',
    fix: `Fix ${long}`,
  };
  const { text } = await shown([
    ...plan,
    { event: 'machine-failed', machine: 'web', seconds: 1, error },
    {
      event: 'run-ended',
      exitCode: 1,
      seconds: 2,
      done: [],
      failed: ['web'],
      notBegun: [],
      unchanged: [],
    },
  ]);
  assert.match(
    text,
    /^ {2}why: {2}health check whole did not pass within 1 s, and\n {8}neither did the one after it$/m,
  );
  assert.match(text, new RegExp(`^ {2}fix: {2}Fix\n {8}${long}$`, 'm'));
});

test('a coloured line is as wide as its text', () => {
  const line = `${coloured('red', 'one two three')} four five six`;
  const lines = wrapped(line, 16);
  assert.deepEqual(lines.map(stripVTControlCharacters), ['one two three', '  four five six']);
  assert.deepEqual(wrapped('one two', 16), ['one two']);
});
