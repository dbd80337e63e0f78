import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Writes a file atomically with mode 0600. A file that already has this text is not touched. */
export function writeOnce(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  const part = `${file}.${process.pid}`;
  writeFileSync(part, text, { mode: 0o600 });
  renameSync(part, file);
}
