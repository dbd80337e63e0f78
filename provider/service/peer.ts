import { readFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { endianness } from 'node:os';
import { undefinedIfMissing } from '../../lib/base/files.ts';

/** A connection by IPv4 on this computer: address and port of the client, port of the server. */
export interface Connection {
  address: string;
  port: number;
  serverPort: number;
}

/** The kernel's tables of TCP sockets: an IPv4 connection is in the second where the client uses an IPv6 socket. */
const tables = ['/proc/self/net/tcp', '/proc/self/net/tcp6'] as const;

/**
 * A server on a free port that passes on connections of this process's user alone; any other user’s is closed before what it sends is
 * read. Where the system lists no sockets (it is not Linux), it passes on all of them.
 */
export async function listenForOwnUser(onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    isOwn(socket).then(
      (own) => {
        if (own) onConnection(socket);
        else socket.destroy();
      },
      () => socket.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

async function isOwn({ remoteAddress = '', remotePort = 0, localPort = 0 }: Socket): Promise<boolean> {
  const texts = await Promise.all(tables.map((file) => readFile(file, 'utf8').catch(undefinedIfMissing)));
  const known = texts.filter((text) => text !== undefined).join('\n');
  const connection = { address: remoteAddress, port: remotePort, serverPort: localPort };
  return isAllowed(known, connection, process.geteuid?.());
}

/**
 * Whether a client is a user's own process, by the text of the tables. A client that they lack is refused, unless they lack the
 * server's own socket, too.
 */
export function isAllowed(text: string, connection: Connection, uid: number | undefined): boolean {
  const sockets = parseTable(text);
  const { address, port, serverPort } = connection;
  const [client, server] = [[hexAddress(address), port].join(':'), serverPort];
  if (!sockets.some(({ state, local }) => state === 'listening' && local.endsWith(`:${server}`))) return true;
  return sockets.some(
    (socket) =>
      socket.state === 'open' &&
      socket.local === client &&
      socket.remote.endsWith(`:${server}`) &&
      socket.uid === uid,
  );
}

interface TcpSocket {
  /** IPv4 address as the kernel prints it, and port in decimal. */
  local: string;
  remote: string;
  state: 'open' | 'listening' | 'other';
  uid: number;
}

function parseTable(text: string): TcpSocket[] {
  const line = /^ *\d+: (\S+):([0-9A-F]{4}) (\S+):([0-9A-F]{4}) ([0-9A-F]{2}) \S+ \S+ \S+ +(\d+)/gm;
  return [...text.matchAll(line)].map(
    ([, local = '', localPort = '', remote = '', remotePort = '', state, uid]) => ({
      local: `${local.replace(mapped, '')}:${Number.parseInt(localPort, 16)}`,
      remote: `${remote.replace(mapped, '')}:${Number.parseInt(remotePort, 16)}`,
      state: state === '01' ? 'open' : state === '0A' ? 'listening' : 'other',
      uid: Number(uid),
    }),
  );
}

/** Prefix of an IPv4 address in an IPv6 socket. */
const mapped = /^0{16}(FFFF0000|0000FFFF)(?=.{8}$)/;

/** `127.0.0.1` as the kernel prints it: a number in the processor's byte order. */
function hexAddress(address: string): string {
  const bytes = address.split('.').map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'));
  return (endianness() === 'LE' ? bytes.reverse() : bytes).join('');
}
