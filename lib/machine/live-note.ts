import type { MachineReading } from './parse-reading.ts';
import { parseResult } from './record/result.ts';

/**
 * What to tell of a machine that does not run what was deployed to it last, by its own records alone. Undefined for one
 * that does, for one that runs the asked system, and for one where nothing was deployed yet. Pure.
 */
export function liveNote(reading: MachineReading, host: string, asked?: string): string | undefined {
  const { system, record } = reading;
  if (!system || system === asked) return undefined;
  const last = parseResult(reading.lastResult);
  if (!record) return `${host} runs ${system}, which nixos-fleet did not deploy`;
  if (!last) return undefined;
  const expected = last.outcome === 'confirmed' ? last.system : last.previous;
  // One that was made the system of the next boot is live after it, and the one before until then.
  const alsoFine = last.action === 'boot' ? last.previous : expected;
  // What was live before is recorded by its own path, which may be a specialisation's.
  if (!expected || [expected, alsoFine].some((path) => path === system || path === reading.current))
    return undefined;
  const when = new Date(last.endedAt * 1000).toISOString();
  return `${host} runs ${system}, and not ${expected}, on which the last deployment, by ${last.by} at ${when}, left it`;
}
