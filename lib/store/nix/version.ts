import { FleetError } from '../../base/errors.ts';
import { nix } from './nix.ts';
import { parseNixError } from './nix-error.ts';

/** Oldest supported Nix: it has `nix build DRV^OUT`, exact attribute paths and the JSON fields that we read. */
export const minimumNixVersion = '2.24';

let found: Promise<string> | undefined;

/**
 * Version of the nix on PATH, such as "2.34.8"; read once per process.
 * @throws FleetError `tool-missing` if nix is missing or older than `minimumNixVersion`
 */
export function requireNix(): Promise<string> {
  found ??= readVersion();
  found.catch(() => {
    found = undefined;
  });
  return found;
}

async function readVersion(): Promise<string> {
  const { exitCode, stdout, stderr } = await nix(['--version'], { timeoutSeconds: 30 });
  if (exitCode !== 0) {
    throw new FleetError({
      code: 'tool-missing',
      what: 'Nix cannot be started',
      why: parseNixError(stderr) || `nix --version failed with exit code ${exitCode}`,
      fix: 'Try it yourself: nix --version',
    });
  }
  const version = parseNixVersion(stdout);
  if (version === undefined || isOlder(version, minimumNixVersion)) {
    throw new FleetError({
      code: 'tool-missing',
      what: `Nix ${minimumNixVersion} or newer is needed`,
      why: version
        ? `nix on PATH is ${version}`
        : `cannot read the version of nix on PATH: ${stdout.trim() || 'no output'}`,
      fix: 'Install a newer Nix, or run the set-up: npm run setup',
    });
  }
  return version;
}

/** "nix (Nix) 2.34.8", "nix (Lix, like Nix) 2.93.0" or "nix (Determinate Nix 3.1.0) 2.30.1" to the last number. */
export function parseNixVersion(line: string): string | undefined {
  return /\s(\d+\.\d+(?:\.\d+)?)\S*\s*$/.exec(line)?.[1];
}

export function isOlder(version: string, than: string): boolean {
  const left = version.split('.').map(Number);
  const right = than.split('.').map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
