import type { MachineReading } from '../parse-reading.ts';
import { parseResult } from '../record/result.ts';
import { explainResult } from './explain.ts';

/** A note on the machine's newest deployment, by whomever, if it failed; else undefined. */
export function lastFailure(reading: MachineReading): string | undefined {
  const result = parseResult(reading.lastResult);
  const failure = result && explainResult(result, '');
  if (!result || !failure) return undefined;
  const when = new Date(result.endedAt * 1000).toISOString();
  return `the last deployment to ${result.host} (by ${result.by}, ${when}) failed:\n${failure.message}`;
}
