import { availableParallelism } from 'node:os';
import { availableMiB } from '../base/available-memory.ts';
import type { Resources } from './plan-batches.ts';

/** The requested resources, limited to 90 % of the available memory and to the computer's cores, which are the defaults. */
export function usableResources(requested: { memoryMiB?: number; workers?: number }): Resources {
  const available = Math.floor(availableMiB() * 0.9);
  return {
    memoryMiB: Math.min(requested.memoryMiB ?? available, available),
    workers: Math.min(requested.workers ?? availableParallelism(), availableParallelism()),
  };
}
