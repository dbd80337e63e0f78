import { readdirSync, readFileSync } from 'node:fs';

/** Most memory that processes had during some work, in MiB, by the text in their command line that identifies them. Linux only. */
export async function peakMemory<Name extends string>(
  identified: Record<Name, string>,
  work: () => Promise<void>,
): Promise<Record<Name, number>> {
  const names = Object.keys(identified) as Name[];
  const peaks = Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
  const look = () => {
    for (const { pid, command } of processes())
      for (const name of names)
        if (command.includes(identified[name])) peaks[name] = Math.max(peaks[name], memoryOf(pid, 'VmHWM'));
  };
  await looking(look, work);
  return peaks;
}

/** Most memory that processes had together at a time, in MiB: those whose command lines contain all of these texts. Linux only. */
export async function memoryTogether(texts: readonly string[], work: () => Promise<void>): Promise<number> {
  let peak = 0;
  const look = () => {
    const chosen = processes().filter(({ command }) => texts.every((text) => command.includes(text)));
    peak = Math.max(
      peak,
      chosen.reduce((sum, { pid }) => sum + memoryOf(pid, 'VmRSS'), 0),
    );
  };
  await looking(look, work);
  return peak;
}

async function looking(look: () => void, work: () => Promise<void>): Promise<void> {
  const timer = setInterval(look, 50);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
}

/** Command lines have a space between their words. */
function processes(): { pid: string; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid, command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') }));
}

/** In MiB; 0 where the process has ended. */
function memoryOf(pid: string, what: 'VmHWM' | 'VmRSS'): number {
  const kibibytes = new RegExp(`^${what}:\\s+(\\d+)`, 'm').exec(read(`/proc/${pid}/status`))?.[1];
  return Number(kibibytes ?? 0) / 1024;
}

/** Empty where the process has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
