import type { MachineReading } from './parse-reading.ts';
import { parseResult } from './record/result.ts';

/**
 * A note on a machine that does not run what was last deployed to it, by its own records alone. Undefined if it does, if it
 * runs the desired system, or if nothing was deployed to it yet.
 */
export function liveNote(reading: MachineReading, host: string, desired?: string): string | undefined {
  const { system, record } = reading;
  if (!system || system === desired) return undefined;
  const last = parseResult(reading.lastResult);
  if (!record) return `${host} runs ${system}, which nixos-fleet did not deploy`;
  if (!last) return undefined;
  const expected = last.outcome === 'confirmed' ? last.system : last.previous;
  // After `boot`, the previous system is live until the reboot and the new one after it.
  const alternative = last.action === 'boot' ? last.previous : expected;
  // The previous system is recorded by its own path, which may be a specialisation's.
  if (!expected || [expected, alternative].some((path) => path === system || path === reading.current))
    return undefined;
  const when = new Date(last.endedAt * 1000).toISOString();
  return `${host} runs ${system} instead of ${expected}, which the last deployment (by ${last.by}, ${when}) left live`;
}
