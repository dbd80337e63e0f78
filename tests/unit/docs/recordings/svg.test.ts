import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparable } from '../../../../docs/recordings/comparable.ts';
import { type Chunk, readableText, screensOf } from '../../../../docs/recordings/screens.ts';
import { animatedSvg } from '../../../../docs/recordings/svg.ts';

const size = { columns: 20, rows: 4 };
const textOf = (rows: readonly (readonly { text: string }[])[]) =>
  rows
    .map((row) => row.map(({ text }) => text).join(' '))
    .join('\n')
    .trimEnd();

test('screens are what a terminal shows, with colours; an erased line is gone', async () => {
  const chunks: Chunk[] = [
    { at: 0, text: '$ up\r\n' },
    { at: 500, text: 'web  building\r\n' },
    { at: 900, text: '\x1b[1A\r\x1b[J\x1b[32m✓\x1b[39m web \x1b[1mdone\x1b[22m\r\n' },
  ];
  const screens = await screensOf(chunks, size);
  assert.deepEqual(
    screens.map(({ rows }) => textOf(rows)),
    ['$ up', '$ up\nweb  building', '$ up\n✓  web done'],
  );
  const [, last = []] = screens.at(-1)?.rows ?? [];
  assert.deepEqual(
    last.map(({ column, colour, bold }) => [column, colour, bold]),
    [
      [0, 2, false],
      [1, undefined, false],
      [6, undefined, true],
    ],
  );
});

test('a wait has few screens, and the whole at most 24 seconds; all that happens is in it', async () => {
  const chunks: Chunk[] = [];
  for (let step = 0; step < 40; step++)
    for (let second = 0; second < 8; second++)
      chunks.push({
        at: (step * 8 + second) * 1000,
        text: `\r\x1b[Kstep ${'x'.repeat(step % 10)} (${second} s)`,
      });
  const screens = await screensOf(chunks, size);
  assert.equal(screens.length, 40 * 4);
  const whole = screens.reduce((sum, { lasts }) => sum + lasts, 0);
  assert.ok(whole <= 24_100, `${whole}`);
  assert.equal(screens.filter(({ rows }) => textOf(rows).includes('(7 s)')).length, 40);
  assert.equal(screens.filter(({ rows }) => textOf(rows).includes('(0 s)')).length, 40);
});

test('the text has what scrolled away, and long lines whole', async () => {
  const long = 'a word and another word and more';
  const text = await readableText([{ at: 0, text: `1\r\n2\r\n${long}\r\n3\r\n4\r\n5\r\n` }], size);
  assert.equal(text, `1\n2\n${long}\n3\n4\n5\n`);
});

const picture = (chunks: Chunk[]) => async () =>
  animatedSvg({ title: 'A <test> & "more"', columns: 20, screens: await screensOf(chunks, size) });

test('a picture shows its last screen where nothing moves, and each row in its time', async () => {
  const svg = await picture([
    { at: 0, text: '$ up\r\nfirst' },
    { at: 1000, text: '\r\x1b[Klast <&>' },
  ])();
  const hidden = [...svg.matchAll(/\.(\w+)\{animation-name:\w+;visibility:hidden\}/g)].map(
    ([, name]) => name,
  );
  const rowOf = (text: string) => new RegExp(`<g(?: class="(\\w+)")?>(?=.*${text})`).exec(svg)?.[1];
  assert.deepEqual(hidden, [rowOf('first')]);
  assert.notEqual(rowOf('last'), undefined);
  assert.equal(rowOf('up'), undefined, 'always shown');
  assert.match(svg, /prefers-reduced-motion:reduce\)\{g\{animation:none\}/);
  assert.match(svg, /prefers-color-scheme:dark/);
  assert.match(svg, /last &lt;&amp;&gt;/);
  assert.match(svg, /aria-label="A &lt;test&gt; &amp; &quot;more&quot;"/);
  assert.doesNotMatch(svg, /<script|href=|url\(|@import|@font-face/);
});

test('times, hashes and names of logs do not count; other words and numbers do', () => {
  const one = `web: switched in 3 min 12 s, generation 2
/nix/store/9hnkdqnnmb3ji69n9j6vpb4iy0fqqc45-nixos-system-edge
journalctl -u nixos-fleet-20261128-203733-708e8a
to build: 3 derivations; to copy: 4 paths, about 1 MiB`;
  const other = `web: switched in 8 s, generation 2
/nix/store/gn72fb4nfjq5g5x0cxcbfjnjs9dar7p5-nixos-system-edge
journalctl -u nixos-fleet-20261129-000000-112b2e
to copy: 1 path, about 20 MiB`;
  assert.equal(comparable(one), comparable(other));
  assert.notEqual(comparable(one), comparable(one.replace('generation 2', 'generation 3')));
  assert.notEqual(comparable(one), comparable(one.replace('edge', 'web')));
});
