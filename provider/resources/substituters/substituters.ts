import { notInForce, runSubstitutersAction } from '../../../lib/machine/nix-conf/substituters-file.ts';
import { substitutersFile, substitutersInputs, substitutersState } from '../../../schema/substituters.ts';
import { nixConfResource } from '../nix-conf-file.ts';

/** The binary caches of one machine. Its id is the machine's machine-id. */
export const substituters = nixConfResource({
  token: 'nixos:index:Substituters',
  description:
    'The binary caches that one machine fetches from, in their order, and the keys that it trusts: a file that its nix.conf includes.',
  inputs: substitutersInputs,
  state: substitutersState,
  noun: 'caches',
  decisive: ['caches', 'connectTimeoutSeconds'],
  work: runSubstitutersAction,

  written(inputs, { settings }, context) {
    const idle = notInForce(inputs, settings);
    if (idle.length === 0) return;
    context.log(
      'info',
      `${inputs.host}: its nix.conf does not include ${substitutersFile} yet, so ${idle.join(', ')} is not used; the module nix-settings includes it`,
    );
  },
});
