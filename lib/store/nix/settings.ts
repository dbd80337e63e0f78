import { FleetError } from '../../base/errors.ts';
import { nix } from './nix.ts';

/** What this computer's Nix says of itself. */
export interface NixSettings {
  /** Its own system, such as x86_64-linux. */
  system: string;
  /** Systems that it builds for beside its own: kinds of its processor, and what is emulated. */
  extraPlatforms: string[];
  /** The `builders` setting, in which a line that begins with `@` names a file of more. */
  builders: string;
}

let found: Promise<NixSettings> | undefined;

/** Asks this computer's Nix for its settings; once a process. */
export function nixSettings(): Promise<NixSettings> {
  found ??= readSettings();
  found.catch(() => {
    found = undefined;
  });
  return found;
}

async function readSettings(): Promise<NixSettings> {
  const { exitCode, stdout, stderr } = await nix(['config', 'show', '--json'], { timeoutSeconds: 60 });
  if (exitCode !== 0) {
    throw new FleetError({
      code: 'command-failed',
      what: 'cannot read the settings of Nix',
      why: stderr.trim().replace(/^error:\s*/, '') || undefined,
      fix: 'Look at what it says: nix config show',
    });
  }
  return parseNixSettings(stdout);
}

/** Reads what `nix config show --json` printed. Pure. */
export function parseNixSettings(stdout: string): NixSettings {
  const settings = JSON.parse(stdout) as Record<string, { value?: unknown } | undefined>;
  const platforms = settings['extra-platforms']?.value;
  return {
    system: String(settings.system?.value ?? ''),
    extraPlatforms: Array.isArray(platforms) ? platforms.map(String) : [],
    builders: String(settings.builders?.value ?? ''),
  };
}
