import { FleetError } from '../base/errors.ts';
import type { MachineReading } from './parse-reading.ts';

/** The machine at an address is another one than recorded. `urn`: of its deployment, for the way out. */
export function wrongMachine(host: string, expected: string, found: string, urn?: string): FleetError {
  return new FleetError({
    code: 'wrong-machine',
    what: 'the machine at this address is not the recorded one',
    host,
    why: `its machine-id is ${found}, the recorded one is ${expected}`,
    fix: [
      'Check the address. If the machine was replaced on purpose, deploy to the new one as such:',
      `pulumi up --replace '${urn ?? `<URN of ${host}'s deployment, from pulumi stack --show-urns>`}'`,
    ].join('\n'),
  });
}

/**
 * Refuses a machine that cannot take a system at all, or that is taken.
 * @throws FleetError not-nixos, deployment-in-progress
 */
export function assertDeployable(reading: MachineReading, host: string): void {
  if (!reading.nixos || !reading.nix) {
    throw new FleetError({
      code: 'not-nixos',
      what: 'a NixOS system cannot be deployed to it',
      host,
      why: reading.nixos
        ? 'it has no Nix store'
        : 'it runs something else: there is neither /etc/NIXOS nor ID=nixos',
      fix: 'Install NixOS on it first.',
    });
  }
  if (reading.busy) throw inProgress(host, reading.busy);
}

export function inProgress(host: string, holder: NonNullable<MachineReading['busy']>): FleetError {
  return new FleetError({
    code: 'deployment-in-progress',
    what: 'another deployment is under way',
    host,
    why: `${holder.unit}, by ${holder.by}, since ${holder.since}`,
    fix: 'Wait for its end, then deploy again. It ends by itself: it is confirmed or goes back.',
  });
}

/** The machine was switched by other means since its state was recorded. */
export function drifted(host: string, reading: MachineReading, recorded: string): FleetError {
  const { record } = reading;
  return new FleetError({
    code: 'drifted',
    what: 'the machine runs another system than the recorded one',
    host,
    why: [
      `it runs ${reading.system || 'no system'}${record ? `, deployed by ${record.by} at ${record.at}` : ', which nixos-fleet did not deploy'}`,
      `recorded is ${recorded}`,
    ].join('\n'),
    fix: '`pulumi refresh` takes over what it runs; with onDrift: overwrite the update goes on. Nothing was changed.',
  });
}
