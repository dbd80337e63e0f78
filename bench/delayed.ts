/** A TCP port of this computer behind which a server is farther away: all data is passed on later, in order. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** @param milliseconds delay in each direction */
export async function delayed(
  host: string,
  port: number,
  milliseconds: number,
): Promise<{ port: number; server: Server }> {
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host, port, allowHalfOpen: true });
    pass(near, far, milliseconds);
    pass(far, near, milliseconds);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, server };
}

function pass(from: Socket, to: Socket, milliseconds: number): void {
  const later = (act: () => void) => setTimeout(act, milliseconds);
  from.setNoDelay(true);
  from.on('data', (chunk) => later(() => to.writable && to.write(chunk)));
  from.on('end', () => later(() => to.end()));
  from.on('error', () => later(() => to.destroy()));
}
