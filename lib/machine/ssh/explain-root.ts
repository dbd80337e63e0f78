import { rootRefusal } from '../../base/become-messages.ts';
import { FleetError } from '../../base/errors.ts';
import type { RunResult } from '../../base/process/run.ts';
import { formatPath } from '../../base/property-path.ts';
import { refusedCode, refusedMark } from './become.ts';
import type { Machine } from './machine.ts';

const passwordless = {
  sudo: 'let it use sudo without a password (security.sudo.wheelNeedsPassword = false), or set becomePassword',
  doas: 'let it use doas without a password (security.doas.extraRules with noPass)',
  run0: 'let it use run0 without a password (a polkit rule for org.freedesktop.systemd1.manage-units)',
} as const;

/** Explains why the user could not become root; undefined for any other failure. */
export function explainRootFailure(
  { name: host, connection }: Pick<Machine, 'name' | 'connection'>,
  { exitCode, stderr }: Pick<RunResult, 'exitCode' | 'stderr'>,
): FleetError | undefined {
  const { user, address, local, become = 'sudo', forwardAgent } = connection;
  if (user === 'root' && !local) return undefined;
  const who = local ? 'you are not root and' : `user ${user}`;
  const what = `${who} ${local ? 'have' : 'has'} no root rights on ${address}`;
  if (exitCode === refusedCode && stderr.includes(refusedMark)) {
    const output = stderr.replace(refusedMark, '').trim();
    const wrong = /try again|incorrect (password|authentication)|no password was provided/i.test(output);
    return new FleetError({
      code: 'access-denied',
      what: wrong ? `sudo refused the password of ${local ? 'this user' : user} on ${address}` : what,
      host,
      why: output.split('\n').at(-1) || 'sudo exited without a message',
      fix: wrong
        ? `Set it again: pulumi config set --secret --path 'nixos-fleet:${formatPath(['hosts', host, 'becomePassword'])}'`
        : 'Check the sudo rules on the machine: sudo -l',
    });
  }
  const line = rootRefusal(become, stderr);
  if (!line) return undefined;
  return new FleetError({
    code: 'access-denied',
    what,
    host,
    why: line,
    fix: forwardAgent
      ? 'Is the key in your ssh-agent (ssh-add -l), and nixosFleet.agentSudo enabled on the machine, where the user has that key in its configuration?'
      : local
        ? `Run pulumi as root, or ${passwordless[become]}`
        : `Log in as root, or ${passwordless[become]}`,
  });
}
