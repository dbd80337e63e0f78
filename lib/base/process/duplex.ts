import type { ChildProcess } from 'node:child_process';
import { Duplex } from 'node:stream';
import type { RunResult } from './run.ts';
import { followLines, type RunOptions, start, textOf } from './start.ts';

/** A running program whose standard input and output are one stream. */
export interface DuplexProcess {
  /** Destroying it ends the program. */
  stream: Duplex;
  /** Settles when the program has exited, with its exit code and standard error. */
  ended: Promise<Pick<RunResult, 'exitCode' | 'stderr'>>;
}

/**
 * Starts a program with its standard input and output as one stream.
 * `ended` rejects with a ProcessError if the program did not exit by itself.
 */
export async function startDuplex(
  command: string,
  args: readonly string[],
  options: Pick<RunOptions, 'signal' | 'timeoutSeconds' | 'env' | 'onStderrLine'>,
): Promise<DuplexProcess> {
  const { child, abnormalExit } = await start(command, args, options, {
    stdin: 'pipe',
    buffer: { stdout: false },
  });
  const stream = duplexOf(child.nodeChildProcess);
  const followed = followLines(child.stderr, options.onStderrLine);
  const end = async () => {
    const result = await child;
    await followed;
    const failure = abnormalExit(result);
    if (failure) throw failure.error;
    return { exitCode: result.exitCode ?? 0, stderr: textOf(result.stderr) };
  };
  const ended = end();
  ended.catch(() => undefined);
  return { stream, ended };
}

/** Unlike Node's Duplex.from, accepts a program that exits before its input ends. */
function duplexOf(child: ChildProcess): Duplex {
  const { stdin, stdout } = child;
  const stream = new Duplex({
    read: () => void stdout?.resume(),
    write: (chunk, encoding, done) => void stdin?.write(chunk, encoding, done),
    final: (done) => void stdin?.end(done),
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  stdout?.on('data', (chunk) => stream.push(chunk) || stdout.pause());
  stdout?.once('close', () => stream.push(null));
  // EPIPE needs no handling: `ended` reports how the program exited.
  for (const each of [stdin, stream]) each?.on('error', () => undefined);
  return stream;
}
