import { closeSync, openSync, writeSync } from 'node:fs';
import type { Happening, RunEvent } from '../../schema/run-event.ts';

/** Writes events as lines of JSON. */
export interface EventsFile {
  write: (event: Happening) => void;
  close: () => void;
}

/**
 * Creates a file of events.
 * @param path `-` for standard output
 */
export function openEvents(path: string): EventsFile {
  const file = path === '-' ? undefined : openSync(path, 'w', 0o600);
  return {
    write: (event) => {
      const line: RunEvent = { at: new Date().toISOString(), ...event };
      const text = `${JSON.stringify(line)}\n`;
      if (file === undefined) process.stdout.write(text);
      else writeSync(file, text);
    },
    close: () => {
      if (file !== undefined) closeSync(file);
    },
  };
}
