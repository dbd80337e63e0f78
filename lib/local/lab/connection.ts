import type { Connection } from '../../../schema/connection.ts';
import { readLabMachine } from './machine.ts';
import { networkPaths } from './paths.ts';

/** Connection settings of a lab machine; undefined if it does not exist yet. */
export async function labConnection(
  lab: string,
  name: string,
): Promise<Pick<Connection, 'address' | 'hostKey' | 'identityFile'> | undefined> {
  const machine = await readLabMachine(lab, name);
  if (!machine) return undefined;
  return { address: machine.address, hostKey: machine.hostKey, identityFile: networkPaths(lab).identity };
}
