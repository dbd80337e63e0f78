import { isPlainObject } from '../../lib/base/differences.ts';
import type { Connection } from '../../schema/connection.ts';
import { leafDiff } from '../diff.ts';
import type { DiffResult } from '../resource.ts';

/** Where a machine is. The rest of a connection is how to log in, which is no change of the machine. */
const places = ['address', 'user', 'port'] as const;

/** Changes of the machine's place. */
export function connectionDiff(
  old: { connection: Connection },
  desired: { connection: Connection },
): DiffResult['detailed'] {
  // The connection of a machine that this stack is about to create is unknown: its machine-id decides.
  if (!isPlainObject(desired.connection)) return {};
  return Object.assign(
    {},
    ...places.map((place) =>
      leafDiff(old.connection[place], desired.connection[place], { at: ['connection', place] }),
    ),
  );
}
