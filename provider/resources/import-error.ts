import { FleetError } from '../../lib/base/errors.ts';

/** Refuses an import of what cannot be adopted. */
export function cannotImport(what: string, why: string, fix: string): FleetError {
  return new FleetError({ code: 'config-invalid', what: `${what} cannot be imported`, why, fix });
}
