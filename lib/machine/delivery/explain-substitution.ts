import { FleetError } from '../../base/errors.ts';
import { keyName } from '../../store/nix/key-format.ts';
import { parsePathInfos } from '../../store/nix/path-info.ts';
import type { MachineSettings } from '../nix-conf/machine-settings.ts';

/** A path that a cache has, and whose signature the machine did not accept. */
export interface Refused {
  path: string;
  cache: string;
}

/** The first path that was refused for its signature, by nix's words. Pure. */
export function refusedSubstitute(stderr: string): Refused | undefined {
  const [, path, cache] =
    /ignoring substitute for '([^']+)' from '([^']+)', as it's not signed by any of the keys/.exec(stderr) ??
    [];
  return path && cache ? { path, cache } : undefined;
}

/** Why a machine could not fetch a system from its caches. Pure. */
export function explainRefusedSubstitution(failure: {
  host: string;
  system: string;
  stderr: string;
  settings?: MachineSettings;
  refused?: Refused;
  /** What `nix path-info --json` says of the refused path in that cache. */
  pathInfo?: string;
}): FleetError {
  const { host, system, stderr, settings, refused } = failure;
  const said = stderr
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
    const asked = settings?.substituters.join(', ') || 'none';
    return details(
      [...new Set(said.slice(-8)), `the caches it asks: ${asked}`],
      'Is the closure in one of them (pushed, and that cache up)? With delivery: auto what cannot be fetched is copied.',
    );
  }
  const trusted = new Set(settings?.trustedKeys.map(keyName));
  const signers = signersOf(failure.pathInfo, refused.path);
  const trusts = settings ? [`the machine trusts ${[...trusted].join(', ') || 'no key'}`] : [];
  const where = `${refused.path} from ${refused.cache}`;
  if (signers === undefined)
    return details(
      [`${where} is not signed by a key it trusts`, ...trusts],
      'Sign it with one of these keys.',
    );
  if (signers.length === 0) {
    return details(
      [`${where} has no signature`, ...trusts],
      'Push it with a signing key that the machine trusts: what has no signature may be from anybody.',
    );
  }
  const missing = signers.filter((signer) => !trusted.has(signer));
  if (missing.length === 0) {
    return details(
      [
        `${where} bears a signature in the name of ${signers.join(', ')}, which is not of the key that the machine knows by this name`,
        ...trusts,
      ],
      'Somebody signed with another key of the same name, or altered the path: look at who can write to the cache.',
    );
  }
  return details(
    [`${where} is signed by ${signers.join(', ')}`, ...trusts],
    `The public key ${missing.join(' or ')} is missing on the machine: if that cache is yours, declare it with its key, so that it is in the machine’s trusted-public-keys.`,
  );
}

/** Names of the keys that signed a path; undefined where that could not be learnt. */
function signersOf(json: string | undefined, path: string): string[] | undefined {
  try {
    const info = parsePathInfos(json ?? '').get(path);
    return info && [...new Set(info.signatures.map(keyName))];
  } catch {
    return undefined;
  }
}
