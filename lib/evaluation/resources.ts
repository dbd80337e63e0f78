import { readFileSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import type { Resources } from './plan-batches.ts';

/** What may be used: what was asked for, but never more memory than the computer has available, nor more cores. */
export function usableResources(asked: { memoryMiB?: number; workers?: number }): Resources {
  const available = Math.floor(availableMiB() * 0.9);
  return {
    memoryMiB: Math.min(asked.memoryMiB ?? available, available),
    workers: Math.min(asked.workers ?? availableParallelism(), availableParallelism()),
  };
}

function availableMiB(): number {
  try {
    const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    if (kibibytes) return Number(kibibytes) / 1024;
  } catch {
    // No /proc: not Linux.
  }
  return freemem() / 2 ** 20;
}
