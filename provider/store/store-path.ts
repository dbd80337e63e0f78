import { FleetError } from '../../lib/base/errors.ts';

/** `/nix/store/<32 characters of Nix's base 32>-<name>`; other store folders exist, so only the shape is checked. */
const storePath = /^\/(?:[^/]+\/)+[0-9abcdfghijklmnpqrsvwxyz]{32}-[0-9A-Za-z+\-._?=]+$/;

/** Property to problem, for the paths of something to be built. An imported one has no derivation path. */
export function storePathProblems(inputs: { drvPath: string; outPath: string }): Record<string, string> {
  const problems: Record<string, string> = {};
  if (inputs.drvPath !== '' && !(storePath.test(inputs.drvPath) && inputs.drvPath.endsWith('.drv'))) {
    problems.drvPath = `must be the store path of a derivation (….drv), not '${inputs.drvPath}'`;
  }
  if (!storePath.test(inputs.outPath) || inputs.outPath.endsWith('.drv')) {
    problems.outPath = `must be the store path of an output, not '${inputs.outPath}'`;
  }
  return problems;
}

/** The output path an import names by its id. */
export function importedOutput(id: string, name: string): string {
  if (storePath.test(id) && !id.endsWith('.drv')) return id;
  const isDerivation = storePath.test(id);
  throw new FleetError({
    code: 'config-invalid',
    what: `cannot import '${name}' by the id '${id}'`,
    why: isDerivation ? 'it is the path of a derivation, not that of its output' : 'it is not a store path',
    fix: isDerivation
      ? `Give the output's path: nix-store --query --outputs ${id}`
      : 'Give the path of the built output: /nix/store/<hash>-<name>',
  });
}
