import {
  fleetArgs,
  fleetOutputs,
  hostArgs,
  hostOutputs,
  labArgs,
  labOutputs,
} from '../../schema/components.ts';
import type { ProviderComponent } from '../component.ts';

// Pulumi's SDK for programs, which components need, is loaded when the first is constructed.

/** Machines of one flake, which are evaluated and deployed together. */
export const fleet: ProviderComponent = {
  token: 'nixos:index:Fleet',
  description:
    'Machines of one flake: evaluated together, then deployed side by side or in waves. A machine whose configuration cannot be evaluated is skipped; the others are deployed, and the run fails at its end with all errors.',
  args: fleetArgs,
  outputs: fleetOutputs,
  construct: async (...all) => (await import('./fleet.ts')).constructFleet(...all),
};

/** One machine, whose system was evaluated before. */
export const host: ProviderComponent = {
  token: 'nixos:index:Host',
  description:
    'One machine of a flake: its system is built, its secrets are written, then the system is deployed. The function evaluate returns what is to be deployed.',
  args: hostArgs,
  outputs: hostOutputs,
  construct: async (declaration) => (await import('./host.ts')).constructHost(declaration),
};

/** Test machines in containers. */
export const lab: ProviderComponent = {
  token: 'nixos:index:Lab',
  description:
    'Test machines on this computer: containers with their own systemd, sshd and Nix, in a network of their own. Root is needed.',
  args: labArgs,
  outputs: labOutputs,
  construct: async (declaration) => (await import('./lab.ts')).constructLab(declaration),
};
