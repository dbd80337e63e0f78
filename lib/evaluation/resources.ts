import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Resources } from './plan-batches.ts';

/** What may be used: what was asked for, but never more memory than the computer has available, nor more cores. */
export function usableResources(asked: { memoryMiB?: number; workers?: number }): Resources {
  const available = Math.floor(availableMiB() * 0.9);
  return {
    memoryMiB: Math.min(asked.memoryMiB ?? available, available),
    workers: Math.min(asked.workers ?? availableParallelism(), availableParallelism()),
  };
}

/** Of the computer, and of the control group that limits this process. */
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
