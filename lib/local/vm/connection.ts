import type { Connection } from '../../../schema/connection.ts';
import { sshForward } from '../../../schema/virtual-machine.ts';
import { readVmRecord } from './record.ts';

/** Connection settings of a virtual machine; undefined if it does not exist yet, or no port is forwarded to its sshd. */
export async function vmConnection(
  stack: string,
  name: string,
): Promise<Pick<Connection, 'address' | 'port' | 'user' | 'hostKey' | 'identityFile'> | undefined> {
  const record = await readVmRecord(stack, name);
  const forward = record && sshForward(record.inputs);
  if (!record?.hostKey || !forward) return undefined;
  const { identityFile, hostKey, inputs } = record;
  return { address: forward.address, port: forward.host, user: inputs.user, hostKey, identityFile };
}
