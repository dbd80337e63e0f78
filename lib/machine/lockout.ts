import type { HostFacts } from '../../schema/facts.ts';

/** How the machine is logged in to, as far as known before connecting. */
export interface Login {
  user: string;
  /** Undefined if ssh_config decides. */
  port?: number;
  /** Whether the last deployment used another port. */
  portMoves?: boolean;
  /** SHA256 fingerprint of the key; undefined if unknown (ssh-agent, ssh_config). */
  fingerprint?: string;
}

/**
 * Ways in which a new configuration would lock the deploying user out, one sentence each. A removal counts only if the
 * previous system's facts had the thing: keys added by hand, a forwarded port or a system user are in neither. Without
 * those facts only what cannot work at all is reported.
 */
export function lockoutRisks(desired: HostFacts, before: HostFacts | undefined, login: Login): string[] {
  if (!desired.sshd.enabled) {
    // Not a change: the machine was not reached through its sshd before either.
    return before && !before.sshd.enabled ? [] : ['it turns sshd off (services.openssh.enable)'];
  }
  return [...portRisks(desired, before, login), ...(before ? userRisks(desired, before, login) : [])];
}

function portRisks(desired: HostFacts, before: HostFacts | undefined, { port, portMoves }: Login): string[] {
  const listens = (facts: HostFacts, of: number) => Object.hasOwn(facts.sshd.ports, String(of));
  if (!before) {
    // A port other than 22 may be forwarded to sshd.
    return port !== 22 || listens(desired, 22)
      ? []
      : [`sshd does not listen on port 22, which the connection uses, but on ${portsOf(desired).join(', ')}`];
  }
  if (!before.sshd.enabled) return [];
  const loginPort = port ?? 22;
  if (portMoves && !listens(before, loginPort) && listens(desired, loginPort)) {
    return [
      `the running system does not listen on port ${loginPort} yet: ${twoSteps(portsOf(before), [loginPort])}`,
    ];
  }
  const used = listens(before, loginPort) ? [loginPort] : portsOf(before);
  if (used.length === 0) return [];
  const kept = used.filter((one) => listens(desired, one));
  if (kept.length === 0)
    return [
      `sshd no longer listens on port ${used.join(', ')} (services.openssh.ports): ${twoSteps(used, portsOf(desired))}`,
    ];
  const open = (facts: HostFacts) => !facts.firewall.enabled || kept.some((one) => isOpen(facts, one));
  return open(before) && !open(desired)
    ? [`the firewall no longer opens port ${kept.join(', ')} (networking.firewall.allowedTCPPorts)`]
    : [];
}

/** How a port is moved: the first deployment logs in at the old port, the second at the new one. */
function twoSteps(from: readonly number[], to: readonly number[]): string {
  const both = [...new Set([...from, ...to])].join(' ');
  return `move it in two deployments, first with services.openssh.ports = [ ${both} ] and the connection’s port ${from.join(' or ')}, then with port ${to.join(' or ')} in both`;
}

function userRisks(desired: HostFacts, before: HostFacts, { user, fingerprint }: Login): string[] {
  const oldUser = Object.hasOwn(before.users, user) ? before.users[user] : undefined;
  // Not declared in the configuration, such as a system user.
  if (!oldUser) return [];
  const newUser = Object.hasOwn(desired.users, user) ? desired.users[user] : undefined;
  if (!newUser)
    return user === 'root' ? [] : [`it drops the user ${user}, which deploys (users.users.${user})`];
  const risks: string[] = [];
  const oldKeys = Object.keys(oldUser.keys);
  const isKept = (key: string) => Object.hasOwn(newUser.keys, key);
  const where = `users.users.${user}.openssh.authorizedKeys`;
  if (fingerprint !== undefined && oldKeys.includes(fingerprint) && !isKept(fingerprint)) {
    risks.push(`it drops the key ${fingerprint}, with which ${user} logs in (${where})`);
  } else if (fingerprint === undefined && oldKeys.length > 0 && !oldKeys.some(isKept)) {
    risks.push(`it drops every key that ${user} had (${where})`);
  }
  if (user !== 'root' && oldUser.wheel && !newUser.wheel) {
    risks.push(`it takes ${user} out of the group wheel, and with it the right to become root`);
  }
  return risks;
}

function portsOf(facts: HostFacts): number[] {
  return Object.keys(facts.sshd.ports).map(Number);
}

/** Whether the firewall opens a port: alone, in a range, or for one interface (`eth0:20-30`). */
function isOpen(facts: HostFacts, port: number): boolean {
  return Object.keys(facts.firewall.tcp).some((name) => {
    const [, from, to = from] = /(?:^|:)(\d+)(?:-(\d+))?$/.exec(name) ?? [];
    return Number(from) <= port && port <= Number(to);
  });
}
