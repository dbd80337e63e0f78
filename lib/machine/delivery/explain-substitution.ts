import { FleetError } from '../../base/errors.ts';
import { keyName } from '../../store/nix/key-format.ts';
import { parsePathInfos } from '../../store/nix/path-info.ts';
import type { MachineSettings } from '../nix-conf/machine-settings.ts';

/** A path of a cache whose signature the machine does not trust. */
export interface Refused {
  path: string;
  cache: string;
}

/** The first path that Nix refused for its signature, from its messages. */
export function refusedSubstitute(stderr: string): Refused | undefined {
  const [, path, cache] =
    /ignoring substitute for '([^']+)' from '([^']+)', as it's not signed by any of the keys/.exec(stderr) ??
    [];
  return path && cache ? { path, cache } : undefined;
}

/** Explains why a machine could not fetch a system from its caches. */
export function explainRefusedSubstitution(failure: {
  host: string;
  system: string;
  stderr: string;
  settings?: MachineSettings;
  refused?: Refused;
  /** Output of `nix path-info --json` for the refused path in that cache. */
  pathInfo?: string;
}): FleetError {
  const { host, system, stderr, settings, refused } = failure;
  const messages = stderr
    .trim()
    .split('\n')
    .filter((line) => line.trim() && !/^(copying path| {2})/.test(line));
  const details = (why: string[], fix: string) =>
    new FleetError({
      code: /no space left on device/i.test(stderr) ? 'no-room' : 'substitution-failed',
      what: `the machine could not fetch ${system.split('/').at(-1)} from its caches`,
      host,
      why: why.join('\n'),
      fix,
    });
  if (!refused) {
    const caches = settings?.substituters.join(', ') || 'none';
    return details(
      [...new Set(messages.slice(-8)), `the machine’s caches: ${caches}`],
      'Check that the closure was pushed to one of them and that this cache is up. With delivery: auto, the system is copied instead.',
    );
  }
  const trusted = new Set(settings?.trustedKeys.map(keyName));
  const signers = signersOf(failure.pathInfo, refused.path);
  const trusts = settings ? [`the machine trusts ${[...trusted].join(', ') || 'no key'}`] : [];
  const where = `${refused.path} from ${refused.cache}`;
  if (signers === undefined)
    return details(
      [`${where} is not signed by a key it trusts`, ...trusts],
      'Sign the path with one of these keys.',
    );
  if (signers.length === 0) {
    return details(
      [`${where} has no signature`, ...trusts],
      'Push it with a signing key that the machine trusts.',
    );
  }
  const missing = signers.filter((signer) => !trusted.has(signer));
  if (missing.length === 0) {
    return details(
      [
        `${where} has a signature named ${signers.join(', ')} that does not match the machine’s key of this name`,
        ...trusts,
      ],
      'The path was signed with another key of the same name, or was altered. Check who can write to the cache.',
    );
  }
  return details(
    [`${where} is signed by ${signers.join(', ')}`, ...trusts],
    `The public key ${missing.join(' or ')} is missing on the machine. If the cache is yours, declare it with this key in the config, so that it gets into the machine’s trusted-public-keys.`,
  );
}

/** Names of the keys that signed a path; undefined if unknown. */
function signersOf(json: string | undefined, path: string): string[] | undefined {
  try {
    const info = parsePathInfos(json ?? '').get(path);
    return info && [...new Set(info.signatures.map(keyName))];
  } catch {
    return undefined;
  }
}
