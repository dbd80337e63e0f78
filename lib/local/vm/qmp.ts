import type { Socket } from 'node:net';
import { FleetError } from '../../base/errors.ts';
import { sockets, vmPaths } from './paths.ts';
import { type QmpMessage, QmpStream } from './qmp-messages.ts';
import { connectIn } from './socket.ts';

export interface QmpCommand {
  execute: string;
  arguments?: Record<string, unknown>;
}

/**
 * Runs one command of a machine's QEMU over its monitor, and gives its answer.
 *
 * @throws FleetError `vm-failed` where QEMU refuses the command; undefined where no QEMU listens, or it does not answer in time.
 */
export async function askQemu(
  stack: string,
  name: string,
  command: QmpCommand,
  seconds = 10,
): Promise<unknown> {
  const socket = await connectIn(vmPaths(stack, name).run, sockets.monitor).catch(notThere);
  if (!socket) return undefined;
  try {
    const answer = await converse(socket, command, seconds);
    if (!answer || !('error' in answer)) return answer?.return;
    throw new FleetError({
      code: 'vm-failed',
      host: name,
      what: `QEMU refused the command ${command.execute}`,
      why: answer.error.desc,
    });
  } finally {
    socket.destroy();
  }
}

type Answer = Extract<QmpMessage, { return: unknown } | { error: unknown }>;

/** The greeting, the negotiation that QEMU demands, then the command. */
function converse(socket: Socket, command: QmpCommand, seconds: number): Promise<Answer | undefined> {
  const stream = new QmpStream();
  const say = (message: QmpCommand, id: number) => socket.write(`${JSON.stringify({ ...message, id })}\n`);
  return new Promise((resolve) => {
    const end = (answer?: Answer) => {
      clearTimeout(limit);
      resolve(answer);
    };
    const limit = setTimeout(() => end(), seconds * 1000);
    socket.setEncoding('utf8');
    socket.on('error', () => end());
    // After `quit` the end of QEMU may come before its answer.
    socket.on('close', () => end());
    socket.on('data', (chunk: string) => {
      for (const message of stream.push(chunk)) {
        if ('QMP' in message) say({ execute: 'qmp_capabilities' }, 1);
        else if ('return' in message && message.id === 1) say(command, 2);
        else if (('return' in message || 'error' in message) && message.id === 2) end(message);
      }
    });
  });
}

function notThere(error: NodeJS.ErrnoException): undefined {
  if (['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(error.code ?? '')) return undefined;
  throw error;
}
