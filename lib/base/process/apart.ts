import { signalProcess } from '../background.ts';
import type { RunResult } from './run.ts';
import { followLines, type RunOptions, start, textOf } from './start.ts';

/** A program in a process group of its own: Ctrl-C on the terminal does not reach it. */
export interface ApartProcess {
  signal(name: NodeJS.Signals): void;
  /** Rejects with a ProcessError where the program was killed. */
  ended: Promise<RunResult>;
}

/**
 * Starts a program that gets signals from this process alone.
 * @throws ProcessError where it could not be started
 */
export async function startApart(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<ApartProcess> {
  const { child, abnormalExit } = await start(
    command,
    args,
    { ...options, group: true },
    { stdin: 'ignore' },
  );
  const followed = [
    followLines(child.stdout, options.onStdoutLine),
    followLines(child.stderr, options.onStderrLine),
  ];
  const wait = async (): Promise<RunResult> => {
    const result = await child;
    await Promise.all(followed);
    const failure = abnormalExit(result);
    if (failure) throw failure.error;
    return { exitCode: result.exitCode ?? 0, stdout: textOf(result.stdout), stderr: textOf(result.stderr) };
  };
  return {
    signal: (name) => {
      if (child.pid !== undefined) signalProcess(child.pid, name);
    },
    ended: wait(),
  };
}
