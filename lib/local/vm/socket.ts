import { type FileHandle, open } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';

/**
 * Connects to a Unix socket through its open folder, since its absolute path may exceed the 107 bytes that Linux allows.
 * Rejects with the system error (ENOENT, ECONNREFUSED).
 */
export async function connectIn(folder: string, name: string): Promise<Socket> {
  const handle: FileHandle = await open(folder, 'r');
  try {
    return await new Promise<Socket>((resolve, reject) => {
      const socket = createConnection(join('/proc/self/fd', String(handle.fd), name));
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(socket);
      });
      socket.once('error', reject);
    });
  } finally {
    await handle.close();
  }
}
