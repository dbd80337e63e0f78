import * as pulumi from '@pulumi/pulumi';
import { Fleet } from 'nixos-fleet';
import { evaluateFleet } from 'nixos-fleet/evaluation';

// Everything that is not the machines themselves stays this program's own business: which machines there are,
// where they come from, what is done around them.
const config = new pulumi.Config();
const addresses = config.requireObject<Record<string, string>>('addresses');

const evaluation = await evaluateFleet({
  flake: config.get('flake') ?? './flake',
  baseDirectory: pulumi.getRootDirectory(),
  overrideInputs: config.getObject<Record<string, string>>('overrideInputs') ?? {},
  hosts: Object.fromEntries(Object.keys(addresses).map((name) => [name, name])),
});

const fleet = new Fleet('fleet', {
  evaluation,
  hosts: Object.fromEntries(
    Object.entries(addresses).map(([name, address]) => [name, { connection: { address } }]),
  ),
});

// Fails, after the other machines are deployed, with what is wrong with those that could not be evaluated.
await fleet.completed;

export const machines = fleet.machines;
