import { readdir } from 'node:fs/promises';
import { undefinedIfMissing } from '../../base/files.ts';
import { deleteMachine } from './machine.ts';
import { deleteNetwork } from './network.ts';
import { labMachinesFolder } from './paths.ts';

/**
 * Removes a lab whole. Machines that are still there are those nobody knows of, because the run that made them was cut off:
 * they go first.
 */
export async function deleteLab(lab: string): Promise<void> {
  const left = (await readdir(labMachinesFolder(lab)).catch(undefinedIfMissing)) ?? [];
  await Promise.all(left.map((name) => deleteMachine(lab, name)));
  await deleteNetwork(lab);
}
