import { parseWork } from '../../store/nix/dry-run.ts';
import { limitArguments } from '../../store/nix/path-info.ts';
import { parseSettings, settingsScript } from '../nix-conf/machine-settings.ts';
import { shellCommand, shellVariables } from '../ssh/quote.ts';

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

/** Asks what would be fetched, and which caches and keys the machine's Nix goes by. Fetches nothing. */
export function dryRunScript(system: string): string {
  const command = shellCommand(['nix-store', '--realise', '--dry-run', ...limitArguments, system]);
  return `${shellVariables({ LC_ALL: 'C' })}export LC_ALL
${settingsScript}${command} 2>&1 | sed 's/^/said:/'
echo end=yes
`;
}

/** Reads what `dryRunScript` printed. Pure. */
export function parseOffer(stdout: string): Offer {
  const said = [...stdout.matchAll(/^said:(.*)$/gm)].map((match) => match[1] ?? '');
  const text = said.join('\n');
  const silent = [
    ...text.matchAll(/(?:disabling binary cache|cannot connect to|unable to download) '([^']+)'/g),
  ].map((match) => (match[1] ?? '').replace(/\/nix-cache-info$/, ''));
  const { builds: _, ...fetched } = parseWork(text);
  const { substituters } = parseSettings(stdout);
  const missing =
    /don't know how to build these paths|does not exist in the store|there is no substituter/.test(text);
  const ended = /^end=yes$/m.test(stdout);
  return {
    has: !ended ? 'unknown' : missing ? 'none' : 'all',
    ...fetched,
    silent: [...new Set(silent)],
    answering: substituters.filter((url) => !silent.some((other) => url.startsWith(other))),
  };
}
