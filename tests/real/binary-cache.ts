/** A binary cache that has the packages of a nixpkgs: one of Nix's substituters, or that of the variable BINARY_CACHE. */
import { nix } from '../../lib/store/nix/nix.ts';

export interface BinaryCache {
  url: string;
  /** Arguments of Nix that take what it has. */
  options: string[];
}

/** The first cache that has nixpkgs' own switch-to-configuration; undefined if none is reachable. */
export async function cacheOf(nixpkgs: string): Promise<BinaryCache | undefined> {
  const { BINARY_CACHE: own } = process.env;
  const urls = own ? [own] : (await answer(['config', 'show', 'substituters']))?.split(' ').filter(Boolean);
  const reachable: string[] = [];
  for (const url of urls ?? [])
    if ((await answer(['store', 'info', '--store', url])) !== undefined) reachable.push(url);
  if (reachable.length === 0) return undefined;
  const wanted = await switchToConfigurationOf(nixpkgs);
  if (!wanted) return undefined;
  for (const url of reachable) {
    const options = ['--option', 'extra-substituters', url];
    if ((await answer(['path-info', '--store', url, wanted])) !== undefined) return { url, options };
  }
  return undefined;
}

/** Why the programs of the systems are not to be had: neither nixpkgs' own nor Debian's. */
export async function lacksPrograms(): Promise<{ why: string; example: string } | undefined> {
  const { NIXPKGS: nixpkgs = '', SWITCH_TO_CONFIGURATION: built } = process.env;
  if (built || (await cacheOf(nixpkgs))) return undefined;
  return {
    why: 'no binary cache has the packages of NIXPKGS, and SWITCH_TO_CONFIGURATION is not set',
    example: `NIXPKGS=${nixpkgs} SWITCH_TO_CONFIGURATION=/path/to/switch-to-configuration`,
  };
}

/** Store path of nixpkgs' own switch-to-configuration, which is in no cache unless the systems' other programs are. */
export function switchToConfigurationOf(nixpkgs: string): Promise<string | undefined> {
  const expression = `(import ${nixpkgs} { system = "x86_64-linux"; }).switch-to-configuration-ng.outPath`;
  return answer(['eval', '--impure', '--raw', '--expr', expression], 300);
}

async function answer(args: readonly string[], timeoutSeconds = 20): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await nix(args, { timeoutSeconds });
    return exitCode === 0 ? stdout.trim() : undefined;
  } catch {
    // A cache that does not answer in time.
    return undefined;
  }
}
