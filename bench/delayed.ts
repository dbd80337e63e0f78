/** A TCP port of this computer behind which a server is farther away: all data is passed on later, in order. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * @param milliseconds delay in each direction
 * @returns `close` ends all connections too: a server that has gone would keep them open
 */
export async function delayed(
  host: string,
  port: number,
  milliseconds: number,
): Promise<{ port: number; close: () => void }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host, port, allowHalfOpen: true });
    for (const socket of [near, far]) sockets.add(socket.on('close', () => sockets.delete(socket)));
    pass(near, far, milliseconds);
    pass(far, near, milliseconds);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

function pass(from: Socket, to: Socket, milliseconds: number): void {
  const later = (act: () => void) => setTimeout(act, milliseconds);
  from.setNoDelay(true);
  from.on('data', (chunk) => later(() => to.writable && to.write(chunk)));
  from.on('end', () => later(() => to.end()));
  from.on('error', () => later(() => to.destroy()));
}
