import { FleetError } from '../base/errors.ts';
import type { MachineReading } from './parse-reading.ts';

/** The machine-id differs from the recorded one. @param urn of its deployment, for the fix */
export function wrongMachine(host: string, expected: string, found: string, urn?: string): FleetError {
  return new FleetError({
    code: 'wrong-machine',
    what: 'the machine at this address is not the recorded one',
    host,
    why: `its machine-id is ${found}, the recorded one is ${expected}; its ssh host key was accepted`,
    fix: [
      'If its host key is a pinned one, it is the same machine, and its machine-id is new at each boot: keep it in its NixOS configuration,',
      'with /etc/machine-id among the persisted files (environment.persistence."/persist".files = [ "/etc/machine-id" ]), or boot.kernelParams = [ "systemd.machine_id=…" ].',
      'Else check the address. If the machine was replaced on purpose, replace its deployment:',
      `pulumi up --replace '${urn ?? `<URN of ${host}'s deployment, from pulumi stack --show-urns>`}'`,
    ].join('\n'),
  });
}

/**
 * Refuses a machine that does not run NixOS, or to which another deployment is in progress.
 * @throws FleetError not-nixos, deployment-in-progress
 */
export function assertDeployable(reading: MachineReading, host: string): void {
  if (!reading.nixos || !reading.nix) {
    throw new FleetError({
      code: 'not-nixos',
      what: 'the machine does not run NixOS',
      host,
      why: reading.nixos
        ? 'there is no /nix/store'
        : 'there is no /etc/NIXOS, and /etc/os-release does not have ID=nixos',
      fix: 'Install NixOS on it first.',
    });
  }
  if (reading.busy) throw inProgress(host, reading.busy);
}

export function inProgress(host: string, holder: NonNullable<MachineReading['busy']>): FleetError {
  return new FleetError({
    code: 'deployment-in-progress',
    what: 'another deployment is in progress',
    host,
    why: `${holder.unit}, by ${holder.by}, since ${holder.since}`,
    fix: 'Deploy again once it has ended. It ends by itself: it is confirmed or rolled back.',
  });
}

/** The live system is neither the recorded nor the desired one. */
export function drifted(host: string, reading: MachineReading, recorded: string): FleetError {
  const { record } = reading;
  return new FleetError({
    code: 'drifted',
    what: 'the live system is not the recorded one',
    host,
    why: [
      `it runs ${reading.system || 'no system'}${record ? `, deployed by ${record.by} at ${record.at}` : ', which nixos-fleet did not deploy'}`,
      `the recorded system is ${recorded}`,
    ].join('\n'),
    fix: 'Nothing was changed. Run `pulumi refresh` to record the live system, or set onDrift: overwrite to deploy all the same.',
  });
}

/** The live system is not the one that was read before the build and the copy. */
export function driftedMeanwhile(host: string, expected: string, found: string): FleetError {
  return new FleetError({
    code: 'drifted',
    what: 'the live system changed while the new one was built and copied',
    host,
    why: `it ran ${expected || 'no system'}, and runs ${found || 'no system'} now`,
    fix: 'Nothing was switched. Run `pulumi refresh` to record the live system, or set onDrift: overwrite to deploy all the same.',
  });
}

/** Hosts of one stack that lead to one machine. */
export function sameMachine(hosts: readonly string[], machineId: string): FleetError {
  return new FleetError({
    code: 'owned-by-other',
    what: `the hosts ${hosts.join(' and ')} are one machine`,
    why: `the machine-id at their addresses is ${machineId}, and so is the boot ID`,
    fix: 'Nothing was changed. Check the addresses, and declare each machine once.',
  });
}
