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
 * Runs a QMP command on a machine's QEMU and returns the result; undefined if no QEMU listens or it does not answer within
 * `seconds`.
 *
 * @throws FleetError `vm-failed` if QEMU refuses the command
 */
export async function runQmp(
  stack: string,
  name: string,
  command: QmpCommand,
  seconds = 10,
): Promise<unknown> {
  const socket = await connectIn(vmPaths(stack, name).run, sockets.monitor).catch(undefinedIfNotListening);
  if (!socket) return undefined;
  try {
    const response = await exchange(socket, command, seconds);
    if (!response || !('error' in response)) return response?.return;
    throw new FleetError({
      code: 'vm-failed',
      host: name,
      what: `QEMU refused the command ${command.execute}`,
      why: response.error.desc,
    });
  } finally {
    socket.destroy();
  }
}

type Response = Extract<QmpMessage, { return: unknown } | { error: unknown }>;

/** Waits for the greeting, negotiates capabilities as QEMU requires, then sends the command. */
function exchange(socket: Socket, command: QmpCommand, seconds: number): Promise<Response | undefined> {
  const stream = new QmpStream();
  const send = (message: QmpCommand, id: number) => socket.write(`${JSON.stringify({ ...message, id })}\n`);
  return new Promise((resolve) => {
    const end = (response?: Response) => {
      clearTimeout(limit);
      resolve(response);
    };
    const limit = setTimeout(() => end(), seconds * 1000);
    socket.setEncoding('utf8');
    socket.on('error', () => end());
    // After `quit`, QEMU may exit before it answers.
    socket.on('close', () => end());
    socket.on('data', (chunk: string) => {
      for (const message of stream.push(chunk)) {
        if ('QMP' in message) send({ execute: 'qmp_capabilities' }, 1);
        else if ('return' in message && message.id === 1) send(command, 2);
        else if (('return' in message || 'error' in message) && message.id === 2) end(message);
      }
    });
  });
}

function undefinedIfNotListening(error: NodeJS.ErrnoException): undefined {
  if (['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(error.code ?? '')) return undefined;
  throw error;
}
