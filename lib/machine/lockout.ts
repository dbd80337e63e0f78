import type { HostFacts } from '../../schema/facts.ts';

/** How the machine is entered, as far as it is known before a connection is made. */
export interface Entry {
  user: string;
  /** Left out where ssh_config decides. */
  port?: number;
  /** SHA256 fingerprint of the key that is used; left out where it is not known (ssh-agent, ssh_config). */
  fingerprint?: string;
}

/**
 * Ways in which a new configuration would lock its deployer out, each as a sentence. Pure. What it takes away is
 * judged against the facts of the system before: what those did not hold either (keys put there by hand, a forwarded
 * port, a system user) is not taken away. Without them only what cannot work at all is named.
 */
export function lockoutRisks(asked: HostFacts, before: HostFacts | undefined, entry: Entry): string[] {
  if (!asked.sshd.enabled) {
    // Entered otherwise before: not this change's doing.
    return before && !before.sshd.enabled ? [] : ['it turns sshd off (services.openssh.enable)'];
  }
  return [...portRisks(asked, before, entry), ...(before ? userRisks(asked, before, entry) : [])];
}

function portRisks(asked: HostFacts, before: HostFacts | undefined, { port }: Entry): string[] {
  const listens = (facts: HostFacts, of: number) => Object.hasOwn(facts.sshd.ports, String(of));
  if (!before) {
    // Another port than 22 may well be forwarded to sshd's.
    return port !== 22 || listens(asked, 22)
      ? []
      : [`sshd does not listen on port 22, which the connection uses, but on ${portsOf(asked).join(', ')}`];
  }
  if (!before.sshd.enabled) return [];
  const wanted = port ?? 22;
  const used = listens(before, wanted) ? [wanted] : portsOf(before);
  if (used.length === 0) return [];
  const kept = used.filter((one) => listens(asked, one));
  if (kept.length === 0)
    return [`sshd no longer listens on port ${used.join(', ')} (services.openssh.ports)`];
  const open = (facts: HostFacts) => !facts.firewall.enabled || kept.some((one) => isOpen(facts, one));
  return open(before) && !open(asked)
    ? [`the firewall no longer opens port ${kept.join(', ')} (networking.firewall.allowedTCPPorts)`]
    : [];
}

function userRisks(asked: HostFacts, before: HostFacts, { user, fingerprint }: Entry): string[] {
  const was = Object.hasOwn(before.users, user) ? before.users[user] : undefined;
  // One that the configuration did not name, such as a system user.
  if (!was) return [];
  const is = Object.hasOwn(asked.users, user) ? asked.users[user] : undefined;
  if (!is) return user === 'root' ? [] : [`it drops the user ${user}, who deploys (users.users.${user})`];
  const risks: string[] = [];
  const had = Object.keys(was.keys);
  const has = (key: string) => Object.hasOwn(is.keys, key);
  const where = `users.users.${user}.openssh.authorizedKeys`;
  if (fingerprint !== undefined && had.includes(fingerprint) && !has(fingerprint)) {
    risks.push(`it drops the key ${fingerprint}, which ${user} logs in with (${where})`);
  } else if (fingerprint === undefined && had.length > 0 && !had.some(has)) {
    risks.push(`it drops every key that ${user} had (${where})`);
  }
  if (user !== 'root' && was.wheel && !is.wheel) {
    risks.push(`it takes ${user} out of the group wheel, and with it the right to become root`);
  }
  return risks;
}

function portsOf(facts: HostFacts): number[] {
  return Object.keys(facts.sshd.ports).map(Number);
}

/** Whether the firewall names a port: alone, in a range, or for one interface (`eth0:20-30`). */
function isOpen(facts: HostFacts, port: number): boolean {
  return Object.keys(facts.firewall.tcp).some((name) => {
    const [, from, to = from] = /(?:^|:)(\d+)(?:-(\d+))?$/.exec(name) ?? [];
    return Number(from) <= port && port <= Number(to);
  });
}
