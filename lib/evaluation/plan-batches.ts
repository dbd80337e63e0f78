/** Memory of an evaluator, measured with NixOS in 2026: a base, and the addition for each host. */
const baseMiB = 300;
const hostMiB = 400;

export interface Resources {
  /** Memory that all evaluators together may take, MiB. */
  memoryMiB: number;
  /** Evaluators at a time. */
  workers: number;
}

export interface Plan {
  workers: number;
  /** Hosts of each evaluator process, in the order in which they are started. */
  batches: string[][];
  /** Memory that an evaluator of the largest batch may fill, MiB. */
  batchMiB: number;
}

/**
 * Splits hosts into evaluator processes: as many at a time as workers and memory allow, each with as many hosts as fit its share
 * of the memory. One process with one host is always allowed.
 */
export function planBatches(hosts: readonly string[], { memoryMiB, workers }: Resources): Plan {
  const maxWorkers = Math.max(1, Math.floor(memoryMiB / (baseMiB + hostMiB)));
  const usedWorkers = Math.max(1, Math.min(workers, maxWorkers, hosts.length));
  const hostsPerBatch = Math.max(1, Math.floor((memoryMiB / usedWorkers - baseMiB) / hostMiB));
  const count = Math.max(usedWorkers, Math.ceil(hosts.length / hostsPerBatch));
  const batches: string[][] = Array.from({ length: Math.min(count, hosts.length) }, () => []);
  hosts.forEach((host, index) => {
    batches[index % batches.length]?.push(host);
  });
  const largest = Math.max(0, ...batches.map((batch) => batch.length));
  return { workers: usedWorkers, batches, batchMiB: baseMiB + hostMiB * largest };
}
