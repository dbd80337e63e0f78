import * as pulumi from '@pulumi/pulumi';
import { Fleet } from 'nixos-fleet';
import { evaluateFleet } from 'nixos-fleet/evaluation';

const config = new pulumi.Config();
/** The machines: their names in nixosConfigurations, and how each is reached. */
const hosts = { machine: { connection: { address: 'machine.example.org' } } };

const evaluation = await evaluateFleet({
  flake: './nix',
  baseDirectory: pulumi.getRootDirectory(),
  overrideInputs: config.getObject<Record<string, string>>('overrideInputs') ?? {},
  hosts: Object.fromEntries(Object.keys(hosts).map((name) => [name, name])),
});

const fleet = new Fleet('fleet', { evaluation, hosts });
// Fails, after the other machines are deployed, with what is wrong with those that could not be evaluated.
await fleet.completed;

/** What each machine runs. */
export const machines = fleet.machines;
