import type { Builder } from '../../../schema/builder.ts';
import { urlHost } from '../../../schema/connection.ts';
import { expandHome } from '../../base/home.ts';
import { withoutComment } from '../../base/host-key.ts';

/** What of a builder says who it is, and how to log in there. */
export type LoginBuilder = Pick<Builder, 'user' | 'address' | 'hostKey' | 'identityFile'>;

/** How Nix calls a builder. */
export function builderUri({ user, address }: Pick<Builder, 'user' | 'address'>): string {
  return `ssh-ng://${user}@${urlHost(address)}`;
}

/** The same as a store that can be asked, as its user and with its host key. Pure but for `~`. */
export function builderStore(builder: LoginBuilder): string {
  const query = new URLSearchParams({ 'base64-ssh-public-host-key': encodedHostKey(builder) });
  if (builder.identityFile !== undefined) query.set('ssh-key', expandHome(builder.identityFile));
  return `${builderUri(builder)}?${query}`;
}

/** The host key as Nix takes it: the line of a .pub file in base64. */
function encodedHostKey({ hostKey }: Pick<Builder, 'hostKey'>): string {
  return Buffer.from(withoutComment(hostKey)).toString('base64');
}

/**
 * A builder as one line of Nix's `builders` setting: address, systems, key, jobs, speed, features, features that a build must
 * ask for, host key. Pure but for `~`, which is the user's own folder.
 */
export function machineLine(builder: Omit<Builder, 'machineUser' | 'machineIdentityFile'>): string {
  const list = (words: readonly string[]) => words.join(',') || '-';
  // A feature that is asked for must be one that there is.
  const supported = [...new Set([...builder.supportedFeatures, ...builder.mandatoryFeatures])];
  return [
    builderUri(builder),
    list(builder.systems),
    builder.identityFile === undefined ? '-' : expandHome(builder.identityFile),
    builder.maxJobs,
    builder.speedFactor,
    list(supported),
    list(builder.mandatoryFeatures),
    encodedHostKey(builder),
  ].join(' ');
}

/** Systems of the lines of a `builders` setting; `undefined` stands for that of the computer that builds. Pure. */
export function systemsOf(setting: string): (string | undefined)[] {
  return setting
    .split(/[\n;]/)
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('@'))
    .flatMap((line) => {
      const systems = line.split(/\s+/)[1] ?? '-';
      return systems === '-' ? [undefined] : systems.split(',');
    });
}
