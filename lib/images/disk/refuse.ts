import { FleetError } from '../../base/errors.ts';
import type { Refusal } from './guards.ts';

/** Guards that refused, each with its name, as one error. */
export function refusedBy(host: string, device: string, refused: readonly Refusal[]): FleetError {
  return new FleetError({
    code: 'disk-refused',
    what: `nothing is written onto ${device}`,
    host,
    why: refused.map(({ guard, why }) => `guard ${guard}: ${why}`).join('\n'),
    fix: refused.map(({ fix }) => fix).join('\n'),
  });
}
