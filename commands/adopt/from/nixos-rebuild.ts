import * as z from 'zod';
import { type Converted, Draft, fitting } from './draft.ts';

/** What nix/adopt/nixos-rebuild.nix returns. */
export const configurations = z.record(
  z.string(),
  z.object({
    hostName: z.string(),
    fqdn: z.string().nullable(),
    ssh: z.boolean(),
    ports: z.array(z.number()),
    installer: z.boolean(),
  }),
);

/** The config of the systems in a flake's nixosConfigurations. @param here host name of this computer, if it runs NixOS */
export function fromNixosRebuild(
  given: z.output<typeof configurations>,
  here: string | undefined,
): Converted {
  const drafts: Record<string, Draft> = {};
  const without: Converted['left'] = [];
  for (const [host, { hostName, fqdn, ssh, ports, installer }] of Object.entries(given)) {
    if (installer) {
      without.push({ host, what: 'the whole configuration: it is an image of an installer' });
      continue;
    }
    const draft = new Draft();
    drafts[host] = draft;
    if (hostName !== '' && hostName === here) {
      draft.set('local', true);
      continue;
    }
    const address = fqdn || hostName;
    if (address !== '' && address !== host) draft.set('address', address);
    const [port, ...others] = ports;
    if (port !== undefined && port !== 22 && others.length === 0) draft.set('port', port);
    if (!ssh) draft.leave('services.openssh is off: the machine cannot be entered by ssh');
    if (address === '')
      draft.leave('networking.hostName is empty: set address, unless the host’s name is one');
  }
  const { hosts, left } = fitting(drafts);
  const users =
    Object.keys(hosts).length > 0
      ? [{ what: 'the user of --target-host is in no flake: it is root, unless you set user' }]
      : [];
  return { hosts, values: [], left: [...without, ...left, ...users] };
}
