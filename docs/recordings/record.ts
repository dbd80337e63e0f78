/** Recordings of commands in a terminal: tests make them where WRITE_DOCS is set, and otherwise compare what the commands print with the kept text. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { comparable } from './comparable.ts';
import { type Chunk, readableText, screensOf } from './screens.ts';
import { animatedSvg } from './svg.ts';

export interface Session {
  /** Of the files in docs/recordings. */
  name: string;
  title: string;
  /** Lines for a shell. */
  lines: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  rows?: number;
}

export interface Recorded {
  text: string;
  /** Of each line. */
  exitCodes: number[];
}

const columns = 88;
/** Milliseconds between the prompt and what a command prints, as if it were typed. */
const typing = 1000;

/** Runs a session's commands; `nixos-fleet` is that of this source tree. Passes only where they print what is kept, but for numbers of the run. */
export async function record(session: Session): Promise<Recorded> {
  const { name, title, lines, rows = 26 } = session;
  const bin = mkdtempSync(join(tmpdir(), 'recording-'));
  const chunks: Chunk[] = [];
  const exitCodes: number[] = [];
  try {
    symlinkSync(join(import.meta.dirname, '../../commands/nixos-fleet.cjs'), join(bin, 'nixos-fleet'));
    for (const line of lines) {
      const at = (chunks.at(-1)?.at ?? 0) + (chunks.length > 0 ? 2 * typing : 0);
      chunks.push({ at, text: `\x1b[1;32m$\x1b[0m \x1b[1m${line}\x1b[0m\r\n` });
      exitCodes.push(await runIn(session, bin, rows, line, at + typing, chunks));
    }
  } finally {
    rmSync(bin, { recursive: true });
  }
  const size = { columns, rows };
  const text = await readableText(chunks, size);
  const file = (ending: string) => join(import.meta.dirname, `${name}.${ending}`);
  if (process.env.WRITE_DOCS) {
    mkdirSync(import.meta.dirname, { recursive: true });
    writeFileSync(file('txt'), text);
    writeFileSync(file('svg'), animatedSvg({ title, columns, screens: await screensOf(chunks, size) }));
  } else
    assert.equal(
      comparable(text),
      comparable(readFileSync(file('txt'), 'utf8')),
      `docs/recordings/${name}.txt is not what the commands print. To make it anew: npm run recordings`,
    );
  return { text, exitCodes };
}

/** Runs a line in a terminal, and adds what it prints. Returns its exit code. */
async function runIn(
  { cwd, env }: Session,
  bin: string,
  rows: number,
  line: string,
  from: number,
  chunks: Chunk[],
): Promise<number> {
  const command = `stty columns ${columns} rows ${rows}\n${line}`;
  const began = performance.now();
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd,
    env: {
      ...process.env,
      ...env,
      PATH: [bin, process.env.PATH].join(delimiter),
      SHELL: '/bin/sh',
      TERM: 'xterm-256color',
      NO_COLOR: undefined,
      // Of the tests' runner.
      NODE_TEST_CONTEXT: undefined,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    chunks.push({ at: from + performance.now() - began, text });
  });
  return await new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => done(code ?? 1));
  });
}
