/** A recording as an animated picture: SVG with CSS, without scripts and fonts. */
import type { Run, Screen } from './screens.ts';

export interface Picture {
  /** What the recording is of, for the bar above it and for screen readers. */
  title: string;
  columns: number;
  screens: readonly Screen[];
}

const cell = { width: 8.4, height: 19 };
const margin = 16;
const bar = 34;

/** Those of the palette's colours that texts have, in the light and in the dark theme. */
const colours: readonly (readonly [number, string, string])[] = [
  [1, '#c4232b', '#ff7b72'],
  [2, '#1a7f37', '#56d364'],
  [3, '#8a5a00', '#e3b341'],
  [4, '#0550ae', '#79c0ff'],
  [5, '#8250df', '#d2a8ff'],
  [6, '#0f6a72', '#56d4dd'],
  [8, '#59636e', '#9198a1'],
];

/** A row while it looks the same. */
interface Span {
  row: number;
  runs: readonly Run[];
  from: number;
  /** The first screen without it. */
  to: number;
}

export function animatedSvg({ title, columns, screens }: Picture): string {
  const height = Math.max(...screens.map(({ rows }) => rows.findLastIndex((row) => row.length > 0) + 1));
  const size = {
    width: Math.ceil(columns * cell.width + 2 * margin),
    height: Math.ceil(height * cell.height + bar + margin),
  };
  const times = [0];
  for (const { lasts } of screens) times.push((times.at(-1) ?? 0) + lasts);
  const whole = times.at(-1) ?? 1;
  const percent = (screen: number) => `${Number((((times[screen] ?? 0) / whole) * 100).toFixed(2))}%`;
  const spans = spansOf(screens);
  const named = new Map<string, string>();
  const rules: string[] = [];
  /** The class that shows a span in its time. */
  const shown = ({ from, to }: Span): string => {
    const stays = to === screens.length;
    if (from === 0 && stays) return '';
    const key = `${from}-${to}`;
    const known = named.get(key);
    if (known !== undefined) return known;
    const name = `s${named.size.toString(36)}`;
    named.set(key, name);
    const frames = [
      `0%{visibility:${from === 0 ? 'visible' : 'hidden'}}`,
      from === 0 ? '' : `${percent(from)}{visibility:visible}`,
      stays ? '' : `${percent(to)}{visibility:hidden}`,
    ].join('');
    rules.push(
      `@keyframes ${name}{${frames}}.${name}{animation-name:${name}${stays ? '' : ';visibility:hidden'}}`,
    );
    return name;
  };
  const body = spans.map((span) => {
    const name = shown(span);
    return `<g${name ? ` class="${name}"` : ''}>${span.runs.map((run) => textOf(run, span.row)).join('')}</g>`;
  });
  const palette = (dark: boolean) =>
    colours.map(([number, light, night]) => `.c${number}{fill:${dark ? night : light}}`).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<style>
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;white-space:pre;fill:#1f2328}
.p{fill:#fff;stroke:#d1d9e0}.t{fill:#59636e;font:13px system-ui,-apple-system,"Segoe UI",sans-serif}.k{fill:#d1d9e0}.b{font-weight:700}.d{opacity:.7}${palette(false)}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.p{fill:#0d1117;stroke:#3d444d}.t{fill:#9198a1}.k{fill:#3d444d}${palette(true)}}
g{animation:${(whole / 1000).toFixed(2)}s step-end infinite}
@media (prefers-reduced-motion:reduce){g{animation:none}}
${rules.join('\n')}
</style>
<rect class="p" x=".5" y=".5" width="${size.width - 1}" height="${size.height - 1}" rx="8"/>
<circle class="k" cx="18" cy="17" r="5"/><circle class="k" cx="34" cy="17" r="5"/><circle class="k" cx="50" cy="17" r="5"/>
<text class="t" x="68" y="21.500">${escaped(title)}</text>
${body.join('\n')}
</svg>
`;
}

/** The rows of all screens, each as long as it stays the same. */
function spansOf(screens: readonly Screen[]): Span[] {
  const ended: Span[] = [];
  const open: (Span | undefined)[] = [];
  for (const [index, { rows }] of screens.entries())
    for (const [row, runs] of rows.entries()) {
      const before = open[row];
      if (before && JSON.stringify(before.runs) === JSON.stringify(runs)) continue;
      if (before) ended.push({ ...before, to: index });
      open[row] = runs.length > 0 ? { row, runs, from: index, to: screens.length } : undefined;
    }
  return [...ended, ...open.filter((each) => each !== undefined)].sort((one, other) => one.from - other.from);
}

function textOf({ column, text, colour, bold, dim }: Run, row: number): string {
  const classes = [
    ...(colours.some(([number]) => number === colour) ? [`c${colour}`] : []),
    ...(bold ? ['b'] : []),
    ...(dim ? ['d'] : []),
  ].join(' ');
  const lead = text.length - text.trimStart().length;
  const x = (margin + (column + lead) * cell.width).toFixed(1).replace(/\.0$/, '');
  const shown = text.trimStart();
  // Other fonts are as wide, too.
  const width = ([...shown].length * cell.width).toFixed(1).replace(/\.0$/, '');
  const attributes = `x="${x}" y="${bar + row * cell.height + 14}" textLength="${width}"`;
  return `<text${classes ? ` class="${classes}"` : ''} ${attributes}>${escaped(shown)}</text>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
