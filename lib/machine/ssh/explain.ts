import type { Connection } from '../../../schema/connection.ts';
import { FleetError } from '../../base/errors.ts';
import { fingerprint } from '../../base/host-key.ts';
import { portOption } from './arguments.ts';
import { explainJumpFailure } from './explain-jump.ts';
import type { Machine } from './machine.ts';

/** Explains ssh's exit code 255 by its messages. */
export function explainSshFailure(machine: Pick<Machine, 'name' | 'connection'>, stderr: string): FleetError {
  const { name: host, connection } = machine;
  const where = `${connection.user}@${connection.address}${connection.port ? `, port ${connection.port}` : ''}`;
  const why = lastLine(stderr) || 'ssh exited without a message';
  const jump = explainJumpFailure(machine, stderr);
  if (jump) return jump;
  const [account] = /^no user exists for uid \d+/im.exec(stderr) ?? [];
  if (account) {
    return new FleetError({
      code: 'config-invalid',
      what: 'ssh does not run as this user on this computer',
      host,
      why: account,
      fix: 'Add a line for this user id to /etc/passwd; in a container, at its start or in its image.',
    });
  }
  const [option] = /^.*bad configuration option:.*$|^.*\/f-[0-9a-f]+ line \d+: .*$/im.exec(stderr) ?? [];
  if (option) {
    return new FleetError({
      code: 'config-invalid',
      what: 'ssh rejected an option',
      host,
      why: option.trim(),
      fix: 'Check sshOptions of this machine and your ssh_config; ssh_config(5) lists the keywords. OpenSSH must be 8.7 or newer: ssh -V',
    });
  }
  if (/host key verification failed|host key is known for .* strict checking/i.test(stderr)) {
    return hostKeyError(machine, stderr);
  }
  if (/no matching host key type|host key type/i.test(stderr) && connection.hostKey) {
    return hostKeyError(machine, stderr);
  }
  if (/permission denied|too many authentication failures|no supported authentication/i.test(stderr)) {
    return new FleetError({
      code: 'access-denied',
      what: `the login was refused (${where})`,
      host,
      why,
      fix: connection.identityFile
        ? `Check that the public key of ${connection.identityFile} is authorized for ${connection.user} on the machine, and that its permissions are 0600.`
        : `Set identityFile, or load a key that is authorized for ${connection.user} into ssh-agent: ssh-add -l`,
    });
  }
  return new FleetError({
    code: 'unreachable',
    what: `the ssh connection failed (${where})`,
    host,
    why,
    fix: unreachableFix(connection, stderr),
  });
}

function hostKeyError(
  { name: host, connection }: Pick<Machine, 'name' | 'connection'>,
  stderr: string,
): FleetError {
  const offered = /SHA256:[A-Za-z0-9+/]+/.exec(stderr)?.[0];
  const expected = connection.hostKey && fingerprint(connection.hostKey);
  const scan = ['ssh-keyscan', '-t', 'ed25519', ...portOption(connection), connection.address].join(' ');
  const known = expected ? `expected ${expected}` : 'known_hosts has no key or another key for it';
  return new FleetError({
    code: 'host-key',
    what: `the ssh host key of ${connection.address} is not the expected one`,
    host,
    why: [known, offered ? `offered  ${offered}` : lastLine(stderr)].filter(Boolean).join('\n'),
    fix: [
      'Another machine may be answering. If you know that the key changed on purpose, compare the fingerprint',
      `with the machine's console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then set hostKey to the key that`,
      `'${scan}' prints.`,
    ].join('\n'),
  });
}

function unreachableFix(connection: Connection, stderr: string): string {
  const { address, port, user } = connection;
  if (/could not resolve|name or service not known|temporary failure in name/i.test(stderr)) {
    return `Check the name '${address}': it is not in DNS, /etc/hosts or ssh_config.`;
  }
  const restart = /\/nixos-fleet\/(lab|vm)\//.test(connection.identityFile ?? '')
    ? 'It runs on this computer. After a restart of the computer start it again: pulumi up --refresh\n'
    : '';
  if (/connection refused/i.test(stderr)) {
    return `${restart}The machine is up, but nothing listens on ${port === undefined ? 'its ssh port' : `port ${port}`}: check that sshd runs, and its port. A port that a configuration moves needs two deployments: first both ports in services.openssh.ports, then the new one.`;
  }
  return `${restart}Check that the machine is on and that this works: ${['ssh', ...portOption(connection), `${user}@${address}`, 'true'].join(' ')}`;
}

function lastLine(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  return lines.filter((line) => line && !line.startsWith('@')).at(-1) ?? '';
}
