/** What a terminal showed, and when. */
import xterm from '@xterm/headless';

/** What a program wrote. */
export interface Chunk {
  /** Milliseconds since the beginning. */
  at: number;
  text: string;
}

/** Characters of one style. */
export interface Run {
  column: number;
  text: string;
  /** Numbers of the palette's first 16 colours. */
  colour: number | undefined;
  bold: boolean;
  dim: boolean;
}

type Row = readonly Run[];

export interface Screen {
  /** Milliseconds that it is shown. */
  lasts: number;
  rows: readonly Row[];
}

interface Size {
  columns: number;
  rows: number;
}

/** Chunks that come sooner after another are one screen. */
const together = 40;
const shortest = 250;
const longest = 1200;
/** To read a line that is new. */
const perLine = 220;
/** At most so many screens show how the seconds of a wait pass. */
const ofWait = 4;
const lastScreen = 5000;
const wholeLimit = 24_000;

function terminalOf({ columns, rows }: Size) {
  return new xterm.Terminal({ cols: columns, rows, scrollback: 10_000, allowProposedApi: true });
}

/** All that a person can read in the end, with what has scrolled away; lines are not wrapped. */
export async function readableText(chunks: readonly Chunk[], size: Size): Promise<string> {
  const terminal = terminalOf(size);
  for (const { text } of chunks) await new Promise<void>((done) => terminal.write(text, done));
  const { active } = terminal.buffer;
  let text = '';
  for (let at = 0; at < active.length; at++) {
    const line = active.getLine(at);
    const goesOn = active.getLine(at + 1)?.isWrapped === true;
    text += `${line?.translateToString(!goesOn) ?? ''}${goesOn ? '' : '\n'}`;
  }
  terminal.dispose();
  return `${text.trimEnd()}\n`;
}

/** The screens of a recording. Waits are shortened, and the whole to 24 seconds; nothing else is left out. */
export async function screensOf(chunks: readonly Chunk[], size: Size): Promise<Screen[]> {
  const terminal = terminalOf(size);
  const seen: { at: number; rows: Row[] }[] = [];
  for (const [index, { at, text }] of chunks.entries()) {
    await new Promise<void>((done) => terminal.write(text, done));
    const next = chunks[index + 1];
    if (next && next.at - at < together) continue;
    const rows = Array.from({ length: size.rows }, (_, row) => runsOf(terminal, row, size.columns));
    if (JSON.stringify(rows) !== JSON.stringify(seen.at(-1)?.rows)) seen.push({ at, rows });
  }
  terminal.dispose();
  return paced(withoutWaits(seen));
}

function runsOf(terminal: xterm.Terminal, row: number, columns: number): Run[] {
  const { active } = terminal.buffer;
  const line = active.getLine(active.baseY + row);
  const runs: Run[] = [];
  for (let column = 0; column < columns; column++) {
    const cell = line?.getCell(column);
    const text = cell?.getChars() || ' ';
    const colour = cell?.isFgPalette() ? cell.getFgColor() : undefined;
    const bold = Boolean(cell?.isBold());
    const dim = Boolean(cell?.isDim());
    const last = runs.at(-1);
    if (last && last.colour === colour && last.bold === bold && last.dim === dim) last.text += text;
    else runs.push({ column, text, colour, bold, dim });
  }
  return runs.map((run) => ({ ...run, text: run.text.trimEnd() })).filter(({ text }) => text !== '');
}

/** The text of a screen, whatever numbers are in it. */
function withoutNumbers(rows: readonly Row[]): string {
  return rows.map((row) => row.map(({ text }) => text.replaceAll(/\d+/g, '0')).join(' ')).join('\n');
}

/** Leaves a few screens of those in which only numbers change. */
function withoutWaits<Seen extends { rows: Row[] }>(seen: readonly Seen[]): Seen[] {
  const waits: Seen[][] = [];
  let text: string | undefined;
  for (const each of seen) {
    const own = withoutNumbers(each.rows);
    if (own === text) waits.at(-1)?.push(each);
    else waits.push([each]);
    text = own;
  }
  return waits.flatMap((wait) => {
    if (wait.length <= ofWait) return wait;
    const last = wait.length - 1;
    const kept = Array.from({ length: ofWait }, (_, index) => Math.round((index * last) / (ofWait - 1)));
    return wait.filter((_, index) => kept.includes(index));
  });
}

function paced(seen: readonly { at: number; rows: Row[] }[]): Screen[] {
  const screens = seen.map(({ at, rows }, index) => {
    const next = seen[index + 1];
    if (!next) return { lasts: lastScreen, rows };
    const before = new Set(seen[index - 1]?.rows.map((row) => JSON.stringify(row)));
    const news = rows.filter((row) => row.length > 0 && !before.has(JSON.stringify(row))).length;
    const least = shortest + perLine * Math.max(0, news - 1);
    return { lasts: Math.max(least, Math.min(next.at - at, longest)), rows };
  });
  const whole = screens.reduce((sum, { lasts }) => sum + lasts, 0);
  const scale = Math.min(1, (wholeLimit - lastScreen) / (whole - lastScreen || 1));
  return screens.map(({ lasts, rows }, index) => ({
    lasts: index === screens.length - 1 ? lasts : Math.round(lasts * scale),
    rows,
  }));
}
