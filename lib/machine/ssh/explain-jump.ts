import { jumpsOf } from '../../../schema/jump.ts';
import { FleetError } from '../../base/errors.ts';
import type { Machine } from './machine.ts';

/** Explains the refusal of a jump host, by the name that ssh prints; undefined where none refused. */
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
      fix: 'Another machine may be answering. Compare its key with the one on its console; then put it into known_hosts, or set proxyJumpHostKey.',
    });
  }
  const [loginLine, , loginAt] = /^(\S+)@(\S+): Permission denied.*$/m.exec(stderr) ?? [];
  if (loginLine && isJump(loginAt) && loginAt !== connection.address) {
    return new FleetError({
      code: 'access-denied',
      what: `the login was refused at the jump host ${loginAt}`,
      host,
      why: loginLine,
      fix: 'It takes identityFile, the keys of ssh-agent, and what your ssh_config says of it. Check the user in proxyJump, too.',
    });
  }
  return undefined;
}
