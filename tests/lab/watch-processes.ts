import { readdirSync, readFileSync } from 'node:fs';

/**
 * Watches the processes of this computer and its lab machines until `ended`. Returns the arguments (and environments) that
 * contain one of the traces, and the names of all programs seen.
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
      // The process ended.
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
