/** Memory of an evaluator, measured with NixOS of 2026: a base, and what each further host adds. */
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
 * Splits hosts over evaluator processes: as many at a time as there are workers and memory, and no process with more
 * hosts than fit its share. There is always one process with one host, however little memory there is.
 */
export function planBatches(hosts: readonly string[], { memoryMiB, workers }: Resources): Plan {
  const most = Math.max(1, Math.floor(memoryMiB / (baseMiB + hostMiB)));
  const atATime = Math.max(1, Math.min(workers, most, hosts.length));
  const fitting = Math.max(1, Math.floor((memoryMiB / atATime - baseMiB) / hostMiB));
  const count = Math.max(atATime, Math.ceil(hosts.length / fitting));
  const batches: string[][] = Array.from({ length: Math.min(count, hosts.length) }, () => []);
  hosts.forEach((host, index) => {
    batches[index % batches.length]?.push(host);
  });
  const largest = Math.max(0, ...batches.map((batch) => batch.length));
  return { workers: atATime, batches, batchMiB: baseMiB + hostMiB * largest };
}
