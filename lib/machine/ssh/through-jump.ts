import type { Duplex } from 'node:stream';
import { startDuplex } from '../../base/process/duplex.ts';
import { throughJumpArgs } from './arguments.ts';
import type { Destination } from './destination.ts';
import type { Machine } from './machine.ts';

/**
 * Connects to a port of a machine from the last jump host on the way to it. Resolves once the port has accepted.
 * @throws Error with the reason of the refusal
 */
export async function connectThroughJump(
  { connection }: Machine,
  { hostName, proxyJump }: Destination,
  port: number,
  signal: AbortSignal,
): Promise<Duplex> {
  const args = throughJumpArgs({ ...connection, proxyJump }, hostName, port);
  if (!args) throw new Error('the machine has no jump host');
  const accepted = Promise.withResolvers<void>();
  const { stream, ended } = await startDuplex('ssh', args, {
    signal,
    env: { LC_ALL: 'C' },
    // The only sign of acceptance: the server behind the port may never send anything first.
    onStderrLine: (line) => /^debug2: channel \d+: open confirm /.test(line) && accepted.resolve(),
  });
  ended.then(({ stderr }) => accepted.reject(new Error(reasonOf(stderr))), accepted.reject);
  await accepted.promise;
  return stream;
}

/** The messages of ssh without its debug output. */
function reasonOf(stderr: string): string {
  const refused = /^channel \d+: open failed: (.*?)\s*$/m.exec(stderr)?.[1];
  const messages = stderr.split('\n').filter((line) => line.trim() && !/^(debug\d: |OpenSSH_)/.test(line));
  return refused ?? (messages.join('\n').trim() || 'ssh exited');
}
