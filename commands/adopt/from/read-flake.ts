import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, relative, resolve } from 'node:path';
import type * as z from 'zod';
import { FleetError } from '../../../lib/base/errors.ts';
import { accountName } from '../../../lib/base/home.ts';
import { packageRoot } from '../../../lib/base/package-root.ts';
import type { RunResult } from '../../../lib/base/process/run.ts';
import { evalApply } from '../../../lib/store/nix/eval.ts';
import { type LockedFlake, lockFlake } from '../../../lib/store/nix/flake.ts';
import { nix } from '../../../lib/store/nix/nix.ts';
import { parseNixError } from '../../../lib/store/nix/nix-error.ts';
import { fromColmena, hive } from './colmena.ts';
import { deployOutput, fromDeployRs } from './deploy-rs.ts';
import type { Converted } from './draft.ts';
import { configurations, fromNixosRebuild } from './nixos-rebuild.ts';

export const tools = ['colmena', 'deploy-rs', 'nixos-rebuild'] as const;
export type Tool = (typeof tools)[number];

interface FlakeSource {
  /** A flake reference, or of a hive without a flake the path of its file. */
  flake: string;
  /** Folder of the project, which relative paths start from. */
  folder: string;
  signal: AbortSignal;
}

/**
 * What a flake says for one of the tools.
 * @throws FleetError flake-invalid, evaluation-failed, cancelled
 */
export async function convertFlake(tool: Tool, source: FlakeSource): Promise<Converted> {
  switch (tool) {
    case 'colmena': {
      if (source.flake.endsWith('.nix')) return await convertHiveFile(source);
      const { value, flake } = await read(tool, hive, source);
      return fromColmena(value, (path) => localFile(path, flake, source.folder));
    }
    case 'deploy-rs':
      return fromDeployRs((await read(tool, deployOutput, source)).value, accountName());
    case 'nixos-rebuild': {
      const here = isNixos() ? hostname() : undefined;
      return fromNixosRebuild((await read(tool, configurations, source)).value, here);
    }
    default:
      return tool satisfies never;
  }
}

/** A hive.nix. Its nodes must become outputs of a flake to be deployed. */
async function convertHiveFile({ flake, folder, signal }: FlakeSource): Promise<Converted> {
  const file = resolve(folder, flake);
  const expression = `(${expressionOf('colmena')}) { colmena = import (/. + ${JSON.stringify(file)}); }`;
  const result = await nix(['eval', '--json', '--impure', '--expr', expression], {
    timeoutSeconds: 3600,
    signal,
  });
  const converted = fromColmena(parsed(result, hive, file), (path) =>
    path.startsWith('/nix/store/') ? undefined : relativePath(path, folder),
  );
  const what = `${flake} is no flake: add a flake.nix beside it, with colmena’s flake and nixpkgs as inputs, and nixosConfigurations = (colmena.lib.makeHive (import ./${relativePath(file, resolve(file, '..'))} // { meta.nixpkgs = …; })).nodes;`;
  const others = converted.left.filter(
    (left) => left.host !== undefined || !left.what.startsWith('nixosConfigurations'),
  );
  return { ...converted, left: [...others, { what }] };
}

async function read<T>(
  tool: Tool,
  schema: z.ZodType<T>,
  { flake, folder, signal }: FlakeSource,
): Promise<{ value: T; flake: LockedFlake }> {
  const locked = await lockFlake({ flake, baseDirectory: folder, signal });
  const result = await evalApply({ flake: locked, attribute: '', apply: expressionOf(tool), signal });
  return { value: parsed(result, schema, flake), flake: locked };
}

function expressionOf(tool: Tool): string {
  return readFileSync(join(packageRoot(), 'nix/adopt', `${tool}.nix`), 'utf8');
}

function parsed<T>({ exitCode, stdout, stderr }: RunResult, schema: z.ZodType<T>, flake: string): T {
  if (exitCode === 0) return schema.parse(JSON.parse(stdout));
  const why = parseNixError(stderr);
  const [, lacking] = /attribute '(colmena|deploy|nixosConfigurations)' missing/.exec(why) ?? [];
  throw new FleetError({
    code: lacking ? 'flake-invalid' : 'evaluation-failed',
    what: lacking ? `the flake '${flake}' has no ${lacking}` : `'${flake}' could not be evaluated`,
    why,
    fix: lacking ? 'Name the flake that the tool deploys, and the right tool.' : 'Fix it, then run again.',
  });
}

/** Where a file of the flake is, relative to the project; undefined for another path in the store. */
function localFile(path: string, flake: LockedFlake, folder: string): string | undefined {
  if (!path.startsWith('/nix/store/')) return relativePath(path, folder);
  const { storePath, localPath } = flake;
  if (localPath === undefined || !path.startsWith(`${storePath}/`)) return undefined;
  return relativePath(join(localPath, path.slice(storePath.length)), folder);
}

/** Relative where the file is in the folder. */
function relativePath(path: string, folder: string): string {
  const short = relative(folder, path);
  return short.startsWith('..') ? path : short;
}

function isNixos(): boolean {
  try {
    return /^ID="?nixos"?$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}
