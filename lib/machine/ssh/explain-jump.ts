import { jumpsOf } from '../../../schema/jump.ts';
import { FleetError } from '../../base/errors.ts';
import type { Machine } from './machine.ts';

/** Explains a failure at a jump host, recognised by the name that ssh prints; undefined for any other failure. */
export function explainJumpFailure(
  { name: host, connection }: Pick<Machine, 'name' | 'connection'>,
  stderr: string,
): FleetError | undefined {
  const jumps = jumpsOf(connection).map((jump) => jump.host);
  const isJump = (name = '') => jumps.includes(name.replace(/^\[(.*)\](:\d+)?$/, '$1'));
  const [keyLine, keyOf] =
    /^.*host key (?:is known for|for) (\S+) (?:and you have|has changed).*$/im.exec(stderr) ?? [];
  if (keyLine && keyOf && isJump(keyOf) && keyOf !== connection.address) {
    return new FleetError({
      code: 'host-key',
      what: `the ssh host key of the jump host ${keyOf} is not the expected one`,
      host,
      why: keyLine,
      fix: 'Another machine may be answering. Compare the key with the one on its console, then add it to known_hosts or set proxyJumpHostKey.',
    });
  }
  const [loginLine, , loginAt] = /^(\S+)@(\S+): Permission denied.*$/m.exec(stderr) ?? [];
  if (loginLine && isJump(loginAt) && loginAt !== connection.address) {
    return new FleetError({
      code: 'access-denied',
      what: `the login was refused at the jump host ${loginAt}`,
      host,
      why: loginLine,
      fix: 'The jump host accepts identityFile, the keys of ssh-agent, and those that ssh_config sets for it. Also check the user in proxyJump.',
    });
  }
  return undefined;
}
