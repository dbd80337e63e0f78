import { readdirSync, readFileSync } from 'node:fs';

/**
 * Arguments and environments of every process of this computer, its lab machines' too, that hold one of the traces, looked
 * for until `ended`; and the names of all programs that were seen, which tell that something was looked at.
 */
export async function watchProcesses(
  traces: readonly string[],
  ended: Promise<unknown>,
  { environments = false } = {},
): Promise<{ found: string[]; seen: Set<string> }> {
  let over = false;
  const stop = () => {
    over = true;
  };
  void ended.then(stop, stop);
  const found: string[] = [];
  const seen = new Set<string>();
  const look = (file: string) => {
    try {
      const text = readFileSync(file, 'utf8');
      if (traces.some((trace) => text.includes(trace))) found.push(`${file}: ${text}`);
      return text;
    } catch {
      // It has ended.
      return '';
    }
  };
  while (!over) {
    for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      seen.add(look(`/proc/${id}/cmdline`).split('\0')[0]?.split('/').at(-1) ?? '');
      if (environments) look(`/proc/${id}/environ`);
    }
    await new Promise(setImmediate);
  }
  return { found, seen };
}
