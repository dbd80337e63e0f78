import { FleetError } from '../../lib/base/errors.ts';
import type { StackConfig } from '../../schema/config.ts';

/**
 * Refuses a password that is in the clear in the stack's config; the message does not hold it.
 * @param isEncrypted whether a key of the config, such as `hosts`, holds something encrypted
 * @throws FleetError config-invalid
 */
export function refuseClearPasswords(
  { hosts, defaults }: Pick<StackConfig, 'hosts' | 'defaults'>,
  isEncrypted: (key: string) => boolean,
): void {
  const [name] = Object.entries(hosts).find(([, host]) => host.becomePassword !== undefined) ?? [];
  if (name !== undefined && !isEncrypted('hosts')) throw inTheClear(`hosts.${name}.becomePassword`, name);
  if (defaults.becomePassword !== undefined && !isEncrypted('defaults'))
    throw inTheClear('defaults.becomePassword');
}

function inTheClear(key: string, host?: string): FleetError {
  return new FleetError({
    code: 'config-invalid',
    what: 'becomePassword is in the clear in the stack’s config',
    host,
    fix: `Change it, for it was written to a file, and set it with: pulumi config set --secret --path 'nixos-fleet:${key}'`,
  });
}
