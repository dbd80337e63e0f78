import { join, resolve } from 'node:path';
import { evaluateFleet, type FleetRequest } from '../../../../lib/evaluation/evaluate-fleet.ts';

const fixtureFlake = resolve(import.meta.dirname, '../../../fixtures/flakes/fleet');

/** Evaluates hosts of the fixture fleet, or of a copy of it; each host has its attribute's name. */
export function evaluateFixture(
  hosts: readonly string[],
  options: Partial<FleetRequest> & { folder?: string } = {},
): ReturnType<typeof evaluateFleet> {
  const { folder = fixtureFlake, ...rest } = options;
  return evaluateFleet({
    flake: 'path:./fleet',
    baseDirectory: join(folder, '..'),
    hosts: Object.fromEntries(hosts.map((name) => [name, name])),
    ...rest,
  });
}
