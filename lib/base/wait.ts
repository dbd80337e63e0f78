import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { FleetError } from './errors.ts';

/**
 * Asks `condition` again and again (every 50 ms) until it gives something other than undefined, for at most `seconds`.
 * Returns undefined when the time is over.
 */
export async function waitFor<T>(
  condition: () => Promise<T | undefined>,
  seconds: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value !== undefined) return value;
    if (performance.now() > end) return undefined;
    if (signal?.aborted) throw new FleetError({ code: 'cancelled', what: 'waiting was cancelled' });
    await delay(50);
  }
}

/**
 * What was started, once it runs, or `ended` where it had said that it was there and is gone; undefined when `seconds` are over.
 * What it said is looked at first: it may come between the two looks.
 */
export function waitForStart<T>(
  { announced, running }: { announced: () => Promise<boolean>; running: () => Promise<T | undefined> },
  seconds: number,
): Promise<T | 'ended' | undefined> {
  return waitFor(async () => {
    const wasAnnounced = await announced();
    return (await running()) ?? (wasAnnounced ? 'ended' : undefined);
  }, seconds);
}

/** The first line an ssh server says, or undefined if none answers within `milliseconds`. */
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
