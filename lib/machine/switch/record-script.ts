import { type Ownership, ownershipVariables } from '../ownership/ownership.ts';
import type { DeploymentRecord } from '../record/record.ts';
import { scriptFile } from '../script/text.ts';

/**
 * Records who owns the machine, and adds a gc root for a system, with its deployment record. Fails if the machine belongs to another
 * stack, or the system is not in its store. Comes after `ownershipScript`.
 */
export const recordScript = scriptFile('./record.sh', import.meta.url);

/** Variables of `recordScript`. */
export function recordVariables(record: DeploymentRecord, ownership: Ownership) {
  return { ...ownershipVariables(ownership), system: record.system, record: JSON.stringify(record) };
}
