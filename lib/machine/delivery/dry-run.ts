import { parseEstimate } from '../../store/nix/dry-run.ts';
import { limitArguments } from '../../store/nix/path-info.ts';
import { parseSettings, settingsScript } from '../nix-conf/machine-settings.ts';
import type { Reply } from '../script/reply.ts';
import { scriptFile } from '../script/text.ts';

/** What a machine's caches could give it of a closure. */
export interface Offer {
  /** `all` that it lacks, or nothing of it as a whole; `unknown` where they could not be asked. */
  has: 'all' | 'none' | 'unknown';
  /** Paths it would fetch, and their size as they travel, in MiB. */
  paths: number;
  mebibytes: number;
  /** Caches that did not answer. */
  silent: string[];
  /** The others, as the machine asks them. */
  answering: string[];
}

/** Asks what would be fetched, and which caches and keys the machine's Nix uses. Fetches nothing. */
export const dryRunScript = settingsScript + scriptFile('./dry-run.sh', import.meta.url);

/** Arguments of the script. */
export function dryRunArguments(system: string): string[] {
  return [...limitArguments, system];
}

/** Reads the reply of `dryRunScript`. */
export function parseOffer(reply: Reply): Offer {
  const text = reply.list('said').join('\n');
  const silent = [
    ...text.matchAll(/(?:disabling binary cache|cannot connect to|unable to download) '([^']+)'/g),
  ].map((match) => (match[1] ?? '').replace(/\/nix-cache-info$/, ''));
  const { builds: _, ...fetched } = parseEstimate(text);
  const { substituters } = parseSettings(reply);
  const missing =
    /don't know how to build these paths|does not exist in the store|there is no substituter/.test(text);
  return {
    has: !reply.isWhole ? 'unknown' : missing ? 'none' : 'all',
    ...fetched,
    silent: [...new Set(silent)],
    answering: substituters.filter((url) => !silent.some((other) => url.startsWith(other))),
  };
}
