import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Resources } from './plan-batches.ts';

/** The requested resources, limited to 90 % of the available memory and to the computer's cores, which are the defaults. */
export function usableResources(requested: { memoryMiB?: number; workers?: number }): Resources {
  const available = Math.floor(availableMiB() * 0.9);
  return {
    memoryMiB: Math.min(requested.memoryMiB ?? available, available),
    workers: Math.min(requested.workers ?? availableParallelism(), availableParallelism()),
  };
}

/** Memory that is available on the computer and in this process's control group. */
function availableMiB(): number {
  const limit = process.availableMemory() / 2 ** 20;
  try {
    const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    if (kibibytes) return Math.min(Number(kibibytes) / 1024, limit);
  } catch {
    // No /proc: not Linux.
  }
  return limit;
}
