import type { DeploymentRecord } from '../record/record.ts';
import { scriptFile } from '../script/text.ts';

/** Adds a gc root for a system, with its deployment record. Fails if the system is not in the machine's store. */
export const recordScript = scriptFile('./record.sh', import.meta.url);

/** Variables of `recordScript`. */
export function recordVariables(record: DeploymentRecord): { system: string; record: string } {
  return { system: record.system, record: JSON.stringify(record) };
}
