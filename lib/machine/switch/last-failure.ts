import type { MachineReading } from '../parse-reading.ts';
import { parseResult } from '../record/result.ts';
import { explainResult } from './explain.ts';

/** What to tell of the machine's newest deployment, whoever made it, where it failed. Pure. */
export function lastFailure(reading: MachineReading): string | undefined {
  const result = parseResult(reading.lastResult);
  const failure = result && explainResult(result, '');
  if (!result || !failure) return undefined;
  const when = new Date(result.endedAt * 1000).toISOString();
  return `the last deployment to ${result.host}, by ${result.by}, ended at ${when}:\n${failure.message}`;
}
