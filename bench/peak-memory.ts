import { readdirSync, readFileSync } from 'node:fs';

/** Most memory that processes had during some work, in MiB, by the text in their command line that identifies them. Linux only. */
export async function peakMemory<Name extends string>(
  identified: Record<Name, string>,
  work: () => Promise<void>,
): Promise<Record<Name, number>> {
  const names = Object.keys(identified) as Name[];
  const peaks = Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
  const look = () => {
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      const command = read(`/proc/${pid}/cmdline`);
      for (const name of names) {
        if (!command.includes(identified[name])) continue;
        const peak = Number(/^VmHWM:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
        peaks[name] = Math.max(peaks[name], peak);
      }
    }
  };
  const timer = setInterval(look, 50);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return peaks;
}

/** Empty where the process has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
