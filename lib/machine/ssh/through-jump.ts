import type { Duplex } from 'node:stream';
import { startDuplex } from '../../base/process/duplex.ts';
import { throughJumpArgs } from './arguments.ts';
import type { Machine } from './machine.ts';

/**
 * Connects to a port of a machine from its last jump host, as the machine's ssh is connected to; resolves once the port has accepted.
 * @throws Error saying why it did not
 */
export async function connectThroughJump(
  { connection }: Machine,
  port: number,
  signal: AbortSignal,
): Promise<Duplex> {
  const args = throughJumpArgs(connection, port);
  if (!args) throw new Error('there is no jump host on the way');
  const accepted = Promise.withResolvers<void>();
  const { stream, ended } = await startDuplex('ssh', args, {
    signal,
    env: { LC_ALL: 'C' },
    // Nothing else tells: the port's own first word may never come.
    onStderrLine: (line) => /^debug2: channel \d+: open confirm /.test(line) && accepted.resolve(),
  });
  ended.then(({ stderr }) => accepted.reject(new Error(reasonOf(stderr))), accepted.reject);
  await accepted.promise;
  return stream;
}

/** What ssh said, without what it says to those who debug it. */
function reasonOf(stderr: string): string {
  const refused = /^channel \d+: open failed: (.*?)\s*$/m.exec(stderr)?.[1];
  const said = stderr.split('\n').filter((line) => line.trim() && !/^(debug\d: |OpenSSH_)/.test(line));
  return refused ?? (said.join('\n').trim() || 'ssh ended');
}
