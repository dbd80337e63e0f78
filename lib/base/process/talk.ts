import type { ChildProcess } from 'node:child_process';
import { Duplex } from 'node:stream';
import type { RunResult } from './run.ts';
import { followLines, type RunOptions, start, textOf } from './start.ts';

/** A program that is talked to over its standard input and output. */
export interface Talk {
  /** Destroying it ends the program. */
  stream: Duplex;
  /** Settles when the program has ended, with its exit code and what it printed on standard error. */
  ended: Promise<Pick<RunResult, 'exitCode' | 'stderr'>>;
}

/**
 * Starts a program, and gives its standard input and output as one stream.
 * `ended` rejects with a ProcessError where it did not end by itself.
 */
export async function talkTo(
  command: string,
  args: readonly string[],
  options: Pick<RunOptions, 'signal' | 'timeoutSeconds' | 'env' | 'onStderrLine'>,
): Promise<Talk> {
  const { child, ending } = await start(command, args, options, {
    stdin: 'pipe',
    buffer: { stdout: false },
  });
  const stream = bothWays(child.nodeChildProcess);
  const followed = followLines(child.stderr, options.onStderrLine);
  const end = async () => {
    const result = await child;
    await followed;
    const failure = ending(result);
    if (failure) throw failure.error;
    return { exitCode: result.exitCode ?? 0, stderr: textOf(result.stderr) };
  };
  const ended = end();
  ended.catch(() => undefined);
  return { stream, ended };
}

/** Node's own Duplex.from takes a program that ends before its input does for an error. */
function bothWays(child: ChildProcess): Duplex {
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
  // That it takes no more input shows in its end.
  for (const each of [stdin, stream]) each?.on('error', () => undefined);
  return stream;
}
