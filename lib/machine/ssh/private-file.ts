import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Puts a text into a file of the user's alone, whole or not at all; one that holds it already is left as it is. */
export function writeOnce(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  const part = `${file}.${process.pid}`;
  writeFileSync(part, text, { mode: 0o600 });
  renameSync(part, file);
}
