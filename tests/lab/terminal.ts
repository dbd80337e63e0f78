/** A program in a terminal, and what is left to read in it. */
import xterm from '@xterm/headless';
import { type RunResult, runToEnd } from '../../lib/base/process/run.ts';
import { shellQuote } from '../../lib/base/quote.ts';

const columns = 80;
export const rows = 24;

interface Run {
  cwd: string;
  env: Record<string, string>;
  timeoutSeconds: number;
}

/** Runs a program in a terminal of 80 columns and 24 rows. `text` is what can be read in it at the end, with what has scrolled away. */
export async function inTerminal(
  command: readonly string[],
  run: Run,
): Promise<RunResult & { text: string }> {
  const size = `stty columns ${columns} rows ${rows}`;
  const line = `${size}; exec ${command.map(shellQuote).join(' ')}`;
  const result = await runToEnd('script', ['--quiet', '--return', '--command', line, '/dev/null'], run);
  return { ...result, text: await readable(result.stdout) };
}

async function readable(output: string): Promise<string> {
  const terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 10_000, allowProposedApi: true });
  await new Promise<void>((done) => terminal.write(output, done));
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, at) => active.getLine(at)?.translateToString(true));
  terminal.dispose();
  return lines.join('\n').trimEnd();
}
