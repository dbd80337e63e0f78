import { readFileSync } from 'node:fs';

/** Memory in MiB that is available on the computer and in this process's control group. */
export function availableMiB(): number {
  const limit = process.availableMemory() / 2 ** 20;
  try {
    const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    if (kibibytes) return Math.min(Number(kibibytes) / 1024, limit);
  } catch {
    // No /proc: not Linux.
  }
  return limit;
}
