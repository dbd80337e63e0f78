import type { Builder } from '../../../schema/builder.ts';
import { urlHost } from '../../../schema/connection.ts';
import { expandHome } from '../../base/home.ts';
import { withoutComment } from '../../base/host-key.ts';

/** What is needed to log in to a builder. */
export type LoginBuilder = Pick<Builder, 'user' | 'address' | 'hostKey' | 'identityFile'>;

/** Store URI by which Nix names a builder. */
export function builderUri({ user, address }: Pick<Builder, 'user' | 'address'>): string {
  return `ssh-ng://${user}@${urlHost(address)}`;
}

/** Store URI for queries to a builder, with its host key and the user's ssh key. */
export function builderStore(builder: LoginBuilder): string {
  const query = new URLSearchParams({ 'base64-ssh-public-host-key': encodedHostKey(builder) });
  if (builder.identityFile !== undefined) query.set('ssh-key', expandHome(builder.identityFile));
  return `${builderUri(builder)}?${query}`;
}

/** The host key in Nix's notation: the line of a .pub file in base64. */
function encodedHostKey({ hostKey }: Pick<Builder, 'hostKey'>): string {
  return Buffer.from(withoutComment(hostKey)).toString('base64');
}

/**
 * A builder as one line of Nix's `builders` setting: URI, systems, ssh key, jobs, speed, supported features, mandatory features,
 * host key.
 */
export function machineLine(builder: Omit<Builder, 'machineUser' | 'machineIdentityFile'>): string {
  const list = (words: readonly string[]) => words.join(',') || '-';
  // Nix expects each mandatory feature among the supported ones.
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

/** Systems of the lines of a `builders` setting; `undefined` stands for the system of this computer. */
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
