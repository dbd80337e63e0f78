import { watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

const chunkBytes = 1 << 18;

/**
 * Calls back for each complete line of a file that another process appends to, beginning with the first.
 * @returns to be called once nothing more is written: reads what is left, with a last line that has no end
 */
export async function followFile(path: string, onLine: (line: string) => void): Promise<() => Promise<void>> {
  const file = await open(path, 'r');
  const decoder = new StringDecoder('utf8');
  const buffer = Buffer.alloc(chunkBytes);
  let [position, rest] = [0, ''];
  const read = async () => {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, chunkBytes, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      const lines = (rest + decoder.write(buffer.subarray(0, bytesRead))).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    }
  };
  // One after the other, and no more than one that waits.
  let reading = Promise.resolve();
  let isWaiting = false;
  const readOn = () => {
    if (isWaiting) return;
    isWaiting = true;
    reading = reading.then(() => {
      isWaiting = false;
      return read();
    });
    // Thrown at the end.
    reading.catch(() => undefined);
  };
  const watcher = watch(path, readOn);
  readOn();
  return async () => {
    watcher.close();
    await reading;
    await read();
    await file.close();
    if (rest !== '') onLine(rest);
  };
}
