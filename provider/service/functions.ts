import { FleetError } from '../../lib/base/errors.ts';
import type { Properties } from '../resource.ts';
import { packageVersion } from './package-info.ts';

const functions: Readonly<Record<string, () => Properties>> = {
  'nixos:index:getVersion': () => ({ version: packageVersion() }),
};

/**
 * Calls a function of the provider.
 * @param resourceTypes what the provider has besides, for an unknown name
 */
export function callFunction(name: string, resourceTypes: Iterable<string>): Properties {
  const called = functions[name];
  if (called) return called();
  throw new FleetError({
    code: 'config-invalid',
    what: `the nixos provider has no function '${name}'`,
    fix: `It has ${[...Object.keys(functions), ...resourceTypes].join(', ')}`,
  });
}

/** The error for a version of the schema that does not exist. */
export function unknownSchema(version: number): FleetError {
  return new FleetError({
    code: 'config-invalid',
    what: `the schema has no version ${version}`,
    fix: 'Ask for version 0.',
  });
}
