import { readdir } from 'node:fs/promises';
import { undefinedIfMissing } from '../../base/files.ts';
import { deleteMachine } from './machine.ts';
import { deleteNetwork } from './network.ts';
import { labMachinesFolder } from './paths.ts';

/**
 * Removes a lab completely. First removes machines that are in no state because the run that created them was
 * interrupted.
 */
export async function deleteLab(lab: string): Promise<void> {
  const left = (await readdir(labMachinesFolder(lab)).catch(undefinedIfMissing)) ?? [];
  await Promise.all(left.map((name) => deleteMachine(lab, name)));
  await deleteNetwork(lab);
}
