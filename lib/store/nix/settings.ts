import { FleetError } from '../../base/errors.ts';
import { nix } from './nix.ts';

/** Settings of this computer's Nix. */
export interface NixSettings {
  /** Its own system, such as x86_64-linux. */
  system: string;
  /** Other systems that it builds for: compatible and emulated ones. */
  extraPlatforms: string[];
  /** The `builders` setting; a line that begins with `@` names a file with more builders. */
  builders: string;
  /** Stores that paths are fetched from. */
  substituters: string[];
}

let found: Promise<NixSettings> | undefined;

/** Reads the settings of this computer's Nix, once per process. */
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
      fix: 'See the error: nix config show',
    });
  }
  return parseNixSettings(stdout);
}

/** Parses the output of `nix config show --json`. */
export function parseNixSettings(stdout: string): NixSettings {
  const settings = JSON.parse(stdout) as Record<string, { value?: unknown } | undefined>;
  const list = (name: string) => {
    const value = settings[name]?.value;
    return Array.isArray(value) ? value.map(String) : [];
  };
  return {
    system: String(settings.system?.value ?? ''),
    extraPlatforms: list('extra-platforms'),
    builders: String(settings.builders?.value ?? ''),
    substituters: list('substituters'),
  };
}
