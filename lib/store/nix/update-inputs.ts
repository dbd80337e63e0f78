import { readFile } from 'node:fs/promises';
import { FleetError } from '../../base/errors.ts';
import { nix } from './nix.ts';
import { parseNixError } from './nix-error.ts';

export interface UpdateRequest {
  /** Absolute flake reference. */
  flakeRef: string;
  /** Inputs to update to their newest version. */
  inputs: readonly string[];
  /** Path of the new lock file; the flake's own is not changed. */
  output: string;
  signal?: AbortSignal | undefined;
}

/**
 * Locks inputs of a flake to their newest versions, in another file, and returns its content.
 * @throws FleetError flake-invalid
 */
export async function updateInputs({ flakeRef, inputs, output, signal }: UpdateRequest): Promise<string> {
  const { exitCode, stderr } = await nix(
    ['flake', 'update', ...inputs, '--flake', flakeRef, '--output-lock-file', output],
    { timeoutSeconds: 1800, signal },
  );
  if (exitCode === 0) return await readFile(output, 'utf8');
  const why = parseNixError(stderr);
  throw new FleetError({
    code: 'flake-invalid',
    what: `cannot update ${inputs.join(', ')}`,
    why,
    fix: /resolve host|unable to download|could not connect|timed? ?out|unable to access/i.test(why)
      ? 'Nothing was changed. Check the network and the URL of the input, and run again.'
      : `Nothing was changed. See more: nix flake update ${inputs.join(' ')} --flake '${flakeRef}' --show-trace`,
  });
}
