import { dirname } from 'node:path';
import { FleetError } from '../base/errors.ts';
import { evalApply } from '../store/nix/eval.ts';
import type { LockedFlake } from '../store/nix/flake.ts';
import { parseNixError, withoutSource } from '../store/nix/nix-error.ts';

/** Whether nix failed because the flake has no nixosConfigurations. */
export function lacksConfigurations(stderr: string): boolean {
  // Any error below nixosConfigurations shows the line of nix/observe that reports a missing one.
  return /does not provide attribute '\.?nixosConfigurations'/.test(withoutSource(parseNixError(stderr)));
}

/** The error of a flake without nixosConfigurations, for all hosts; its outputs are read to see what it is made for. */
export async function noConfigurations(flake: LockedFlake, signal?: AbortSignal): Promise<FleetError> {
  const { exitCode, stdout } = await evalApply({ flake, attribute: '', apply: 'builtins.attrNames', signal });
  const outputs = exitCode === 0 ? (JSON.parse(stdout) as string[]) : [];
  return new FleetError({
    code: 'flake-invalid',
    what: 'the flake has no nixosConfigurations',
    why: outputs.length > 0 ? `its outputs are: ${outputs.join(', ')}` : 'it has no outputs',
    fix: `${addition(outputs)} to the outputs of ${flake.lockPath ? dirname(flake.lockPath) : flake.flakeRef}.`,
  });
}

function addition(outputs: readonly string[]): string {
  if (outputs.includes('colmenaHive'))
    return 'colmena has the systems already. Add: nixosConfigurations = self.colmenaHive.nodes;';
  if (outputs.includes('colmena'))
    return 'colmena makes them of its hive. Add its flake as an input, and: nixosConfigurations = (colmena.lib.makeHive self.colmena).nodes;';
  return 'Add nixosConfigurations.<name> = nixpkgs.lib.nixosSystem { … };';
}
