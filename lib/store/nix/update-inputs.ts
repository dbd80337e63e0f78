import { readFile } from 'node:fs/promises';
import { FleetError } from '../../base/errors.ts';
import { nix } from './nix.ts';
import { parseNixError } from './nix-error.ts';

export interface UpdateRequest {
  /** Absolute flake reference. */
  flakeRef: string;
  /** Inputs to bring to their newest version. */
  inputs: readonly string[];
  /** Where the new lock file is written; the flake's own stays as it is. */
  output: string;
  signal?: AbortSignal | undefined;
}

/**
 * Locks inputs of a flake to their newest versions, in a file of its own, and returns what is in it.
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
    what: `cannot find the newest ${inputs.join(', ')}`,
    why,
    fix: /resolve host|unable to download|could not connect|timed? ?out|unable to access/i.test(why)
      ? 'Look after the network, or whether the place is still there, and run again. Nothing was changed.'
      : `Nothing was changed. See more: nix flake update ${inputs.join(' ')} --flake '${flakeRef}' --show-trace`,
  });
}
