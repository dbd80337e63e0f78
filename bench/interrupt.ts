/** Cleans up and ends where the benchmark is interrupted, which would leave its machines running. */
export function whenInterrupted(cleanUp: () => Promise<unknown>): void {
  let begun = false;
  const end = () => {
    if (begun) return;
    begun = true;
    void cleanUp().finally(() => process.exit(130));
  };
  // Not `once`: execa ends this process on a signal for which there is no listener.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, end);
}
