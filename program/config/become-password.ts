import { FleetError } from '../../lib/base/errors.ts';
import { formatPath } from '../../lib/base/property-path.ts';
import type { StackConfig } from '../../schema/config.ts';
import { stackConfigFile } from './parse-config.ts';

/**
 * Refuses a password in plain text in the stack's config; the message does not contain it.
 * @param stack name of the stack, for the error
 * @param isEncrypted whether a key of the config, such as `hosts`, has encrypted values
 * @throws FleetError config-invalid
 */
export function refusePlainPasswords(
  { hosts, defaults }: Pick<StackConfig, 'hosts' | 'defaults'>,
  stack: string,
  isEncrypted: (key: string) => boolean,
): void {
  const refuse = (key: string, host?: string) =>
    plainText('becomePassword', key, stackConfigFile(stack), host);
  const [name] = Object.entries(hosts).find(([, host]) => host.becomePassword !== undefined) ?? [];
  if (name !== undefined && !isEncrypted('hosts'))
    throw refuse(formatPath(['hosts', name, 'becomePassword']), name);
  if (defaults.becomePassword !== undefined && !isEncrypted('defaults'))
    throw refuse('defaults.becomePassword');
}

/** The error of a secret in plain text. `key` is its path in the config. */
export function plainText(what: string, key: string, file: string, host?: string): FleetError {
  return new FleetError({
    code: 'config-invalid',
    what: `${what} is in plain text in ${file}`,
    host,
    fix: `Choose a new one, as the old one was written to a file, and set it with: pulumi config set --secret --path 'nixos-fleet:${key}'`,
  });
}
