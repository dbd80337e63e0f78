import { withConsole } from '../../lib/local/vm/console.ts';
import type { Connection } from '../../schema/connection.ts';
import { PartialFailure } from '../resource.ts';

/** Runs `work`. If a virtual machine of this computer does not come back after a reboot, the error has the end of its console. */
export async function namingConsole<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PartialFailure)) throw await withConsole(error, connection);
    const cause = await withConsole(error.cause, connection);
    throw cause instanceof Error ? new PartialFailure(error.id, error.state, cause) : error;
  }
}
