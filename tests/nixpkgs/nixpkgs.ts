import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { lockFlake } from '../../lib/store/nix/flake.ts';
import { nix } from '../../lib/store/nix/nix.ts';

/** The nixpkgs tree that replaces the flake's locked input; undefined if the suite is skipped. */
export const nixpkgs = process.env.NIXPKGS ? resolve(process.env.NIXPKGS) : undefined;

/** Reason for node:test's `skip`. */
export const skip = nixpkgs ? false : 'NIXPKGS is not set: give it the path of a nixpkgs tree';

export const nixFolder = resolve(import.meta.dirname, '../../nix');

/** Names of the folders in a folder of nix/. */
export const folders = (path: string): string[] =>
  readdirSync(join(nixFolder, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);

/** A Git checkout is locked by its commit; another tree is hashed at each call, which takes a minute. */
export const nixpkgsRef =
  nixpkgs && `${existsSync(join(nixpkgs, '.git')) ? 'git+file://' : 'path:'}${nixpkgs}`;

export const request = {
  flake: `path:${nixFolder}`,
  baseDirectory: nixFolder,
  overrideInputs: { nixpkgs: nixpkgsRef ?? '' },
};

export interface Measured<T> {
  value: T;
  stderr: string;
  cpuSeconds: number;
  heapMiB: number;
}

/** A store in memory: writing many derivations to the disk takes longer than evaluating them. */
export const inMemory = ['--store', 'dummy://?read-only=false'];

/** Applies a function to an attribute of the operator's flake, and measures it. Throws with Nix's message. */
export async function evaluate<T>(
  attribute: string,
  apply: string,
  store: readonly string[] = [],
): Promise<Measured<T>> {
  const { flakeRef, overrides } = await lockFlake(request);
  const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-nixpkgs-'));
  try {
    const statistics = join(folder, 'statistics.json');
    const { exitCode, stdout, stderr } = await nix(
      [
        'eval',
        '--json',
        '--impure',
        '--no-eval-cache',
        `${flakeRef}#.${attribute}`,
        '--apply',
        apply,
        ...overrides,
        ...store,
      ],
      { timeoutSeconds: 1200, env: { NIX_SHOW_STATS: '1', NIX_SHOW_STATS_PATH: statistics } },
    );
    if (exitCode !== 0) throw new Error(`evaluating ${attribute} failed:\n${stderr}`);
    const { time, gc } = JSON.parse(readFileSync(statistics, 'utf8'));
    return {
      value: JSON.parse(stdout) as T,
      stderr,
      cpuSeconds: time.cpu,
      heapMiB: Math.round(gc.heapSize / 2 ** 20),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Prints what was evaluated, with CPU time and heap size. */
export function report(what: string, { cpuSeconds, heapMiB }: Measured<unknown>): void {
  console.log(`${what.padEnd(44)} ${cpuSeconds.toFixed(1).padStart(6)} s ${String(heapMiB).padStart(6)} MiB`);
}
