import { builderProblems, runBuildersAction } from '../../../lib/machine/nix-conf/machine-file.ts';
import {
  buildersFile,
  machineBuildersInputs,
  machineBuildersState,
} from '../../../schema/machine-builders.ts';
import { nixConfResource } from '../nix-conf-file.ts';

/** The builders of one machine. Its id is the machine's machine-id. */
export const machineBuilders = nixConfResource({
  token: 'nixos:index:MachineBuilders',
  description:
    'The builders that one machine’s own Nix builds with, and their host keys: a file that its nix.conf includes.',
  inputs: machineBuildersInputs,
  state: machineBuildersState,
  noun: 'builders',
  decisive: ['builders'],
  work: runBuildersAction,

  /** Builders that cannot be reached stop nothing: the machine's Nix leaves them out, too. */
  written({ host, builders }, { reply }, context) {
    const { unusable, notInForce } = builderProblems(builders, reply);
    for (const [name, why] of Object.entries(unusable)) {
      context.log('warning', `${host} cannot build on ${name} now: ${why}`);
    }
    if (notInForce.length === 0) return;
    context.log(
      'info',
      `${host}: its nix.conf does not include ${buildersFile} yet, so nothing is built on ${notInForce.join(', ')}; the module nix-settings includes it`,
    );
  },
});
