import { connect } from 'node:net';
import { runToEnd } from '../../base/process/run.ts';

/**
 * The ed25519 host key that an ssh server offers, as type and key; undefined if it offers none. The key is not verified: use it
 * only where nobody else can answer at this address.
 */
export async function offeredHostKey(
  address: string,
  port: number,
  seconds = 30,
): Promise<string | undefined> {
  const args = ['-T', String(seconds), '-t', 'ed25519', '-p', String(port), '--', address];
  const { stdout } = await runToEnd('ssh-keyscan', args, { timeoutSeconds: seconds + 10 });
  const line = stdout.split('\n').find((text) => text !== '' && !text.startsWith('#'));
  // The first word is the address.
  return line?.trim().split(/\s+/).slice(1, 3).join(' ');
}

/** The banner of an ssh server; undefined if none arrives within `milliseconds`. Default: 1000. */
export function sshBanner(address: string, port = 22, milliseconds = 1000): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    let text = '';
    const end = (banner?: string) => {
      socket.destroy();
      resolve(banner);
    };
    socket.setTimeout(milliseconds, () => end());
    socket.on('error', () => end());
    socket.on('close', () => end());
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (text.startsWith('SSH-') && text.includes('\n')) end(text.trimEnd());
    });
  });
}
