import { parseEstimate } from '../../store/nix/dry-run.ts';
import { limitArguments } from '../../store/nix/path-info.ts';
import { parseSettings, settingsScript } from '../nix-conf/machine-settings.ts';
import type { Reply } from '../script/reply.ts';
import { scriptFile } from '../script/text.ts';

/** What a machine's caches have of the closure that it lacks. */
export interface Offer {
  /** `all` missing paths, or `none`: at least one is missing everywhere. `unknown` if the query failed. */
  has: 'all' | 'none' | 'unknown';
  /** Number of paths to fetch, and their download size in MiB. */
  paths: number;
  mebibytes: number;
  /** URLs of the caches that did not answer. */
  unresponsive: string[];
  /** URLs of the other caches, as configured on the machine. */
  responsive: string[];
}

/** Prints what would be fetched, and which caches and keys the machine's Nix uses. Fetches nothing. */
export const dryRunScript = settingsScript + scriptFile('./dry-run.sh', import.meta.url);

/** Arguments of the script. */
export function dryRunArguments(system: string): string[] {
  return [...limitArguments, system];
}

/** Reads the reply of `dryRunScript`. */
export function parseOffer(reply: Reply): Offer {
  const text = reply.list('said').join('\n');
  const unresponsive = [
    ...text.matchAll(/(?:disabling binary cache|cannot connect to|unable to download) '([^']+)'/g),
  ].map((match) => (match[1] ?? '').replace(/\/nix-cache-info$/, ''));
  const { builds: _, ...fetched } = parseEstimate(text);
  const { substituters } = parseSettings(reply);
  const missing =
    /don't know how to build these paths|does not exist in the store|there is no substituter/.test(text);
  return {
    has: !reply.isWhole ? 'unknown' : missing ? 'none' : 'all',
    ...fetched,
    unresponsive: [...new Set(unresponsive)],
    responsive: substituters.filter((url) => !unresponsive.some((other) => url.startsWith(other))),
  };
}
