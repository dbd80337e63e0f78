import { join } from 'node:path';
import { FleetError } from '../../base/errors.ts';
import { packageRoot } from '../../base/package-root.ts';
import { evalApply } from '../../store/nix/eval.ts';
import { type FlakeRequest, type LockedFlake, lockFlake } from '../../store/nix/flake.ts';
import { parseNixError } from '../../store/nix/nix-error.ts';
import { pathInfos } from '../../store/nix/path-info.ts';
import type { NixosProbe } from './lab-system.ts';

/** Longest time that a binary cache is waited for, in seconds. */
const cacheSeconds = 15;
/** A path that no cache has: its answer is not kept by Nix, so that it proves that the cache is reachable now. */
const nobodysPath = `/nix/store/${'0'.repeat(32)}-nixos-fleet-probe`;

/** Override for the input of the lab's flake with which its containers are NixOS. */
export function nixosInput(): Record<string, string> {
  return { nixos: `path:${join(packageRoot(), 'nix/lab/nixos')}` };
}

/**
 * Locks the flake with NixOS for its containers; nothing is fetched. Undefined if it has no input for it.
 * @throws FleetError flake-invalid
 */
async function lockWithNixos(request: FlakeRequest): Promise<LockedFlake | undefined> {
  const overrideInputs = { ...nixosInput(), ...request.overrideInputs };
  const flake = await lockFlake({ ...request, overrideInputs, writeLock: false });
  const { root, nodes } = flake.locks;
  return nodes[root]?.inputs?.nixos === undefined ? undefined : flake;
}

/**
 * Fails for a flake whose containers cannot be NixOS.
 * @throws FleetError config-invalid, flake-invalid
 */
export async function requireNixosFlake(request: FlakeRequest): Promise<void> {
  if (await lockWithNixos(request)) return;
  throw new FleetError({
    code: 'config-invalid',
    what: 'the lab’s machines cannot run real NixOS',
    why: noInput(request.flake),
    fix: 'Set the config key lab.system to imitation, or take nix/lab of nixos-fleet as an example.',
  });
}

/**
 * Finds a binary cache, of those that this computer's Nix uses, that has the packages of the flake's NixOS. nixpkgs is fetched and
 * evaluated only if a cache answers.
 * @throws FleetError flake-invalid
 */
export async function probeNixos(
  request: FlakeRequest,
  substituters: readonly string[],
): Promise<NixosProbe> {
  const flake = await lockWithNixos(request);
  if (!flake) return { missing: noInput(request.flake) };
  if (substituters.length === 0) return { missing: 'this computer’s Nix has no binary cache' };
  const tried = await Promise.all(
    substituters.map(async (uri) => [uri, await missingIn(uri, [nobodysPath])] as const),
  );
  const answering = tried.flatMap(([uri, result]) => (typeof result === 'string' ? [] : [uri]));
  if (answering.length === 0) {
    const problems = tried.map(([uri, result]) => `${uri}: ${String(result)}`);
    return { missing: `no binary cache answers (${problems.join('; ')})` };
  }
  const { exitCode, stdout, stderr } = await evalApply({ flake, attribute: 'nixos', apply: 'nixos: nixos' });
  if (exitCode !== 0) return { missing: `NixOS cannot be evaluated: ${firstLine(parseNixError(stderr))}` };
  const { release, paths } = JSON.parse(stdout) as { release: string; paths: string[] };
  for (const uri of answering) {
    const result = await missingIn(uri, paths);
    if (typeof result !== 'string' && result.size === 0) return { release, cache: uri };
  }
  return { missing: `${answering.join(' and ')} has no packages of NixOS ${release}` };
}

/** The paths that a store lacks, or why it cannot be queried. */
async function missingIn(uri: string, paths: readonly string[]): Promise<Set<string> | string> {
  try {
    const infos = await pathInfos({ store: { uri }, paths, timeoutSeconds: cacheSeconds });
    return new Set(paths.filter((path) => !infos.has(path)));
  } catch (error) {
    if (!(error instanceof FleetError) || error.code === 'cancelled') throw error;
    return firstLine(error.why ?? error.message);
  }
}

function noInput(flake: string): string {
  return `the flake '${flake}' has no input 'nixos'`;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
