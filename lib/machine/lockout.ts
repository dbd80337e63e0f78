import type { LockoutReason } from '../../schema/deployment.ts';
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

/** A way in which a new configuration would lock the deploying user out. */
export interface LockoutRisk {
  reason: LockoutReason;
  /** One sentence. */
  text: string;
}

/** Facts that the guard reads. */
type Part = 'sshd' | 'firewall' | 'users' | 'access';

/**
 * Ways in which a new configuration would lock the deploying user out. A removal counts only if the previous system's facts had the
 * thing: keys added by hand, a forwarded port or a system user are in neither. Without those facts only what cannot work at all is
 * reported. Unknown facts are not judged.
 */
export function lockoutRisks(desired: HostFacts, before: HostFacts | undefined, login: Login): LockoutRisk[] {
  const risks = isKnown('sshd', desired, before) ? portRisks(desired, before, login) : [];
  const sshdStays = desired.sshd.enabled || desired.unread?.sshd === true;
  return [
    ...risks,
    ...(sshdStays ? [...userRisks(desired, before, login), ...rootRisk(desired, before, login)] : []),
    ...upkeepRisks(desired, before),
  ];
}

/** Interfaces to which the login's port gets limited, although it was open everywhere: whether ssh uses one is known on the machine. */
export function limitedTo(
  desired: HostFacts,
  before: HostFacts | undefined,
  login: Login,
): { port: number; interfaces: string[] } | undefined {
  if (!isKnown('sshd', desired, before) || !isKnown('firewall', desired, before)) return undefined;
  const ports = keptPorts(desired, before, login);
  const openings = ports.map((port) => ({ port, open: openOn(desired, port) }));
  const best =
    openings.find(({ open }) => open === 'everywhere') ?? openings.find(({ open }) => open.length > 0);
  if (!best || best.open === 'everywhere') return undefined;
  const old = before && openOn(before, best.port);
  // As before, or more than before.
  if (old && old !== 'everywhere' && old.every((name) => best.open.includes(name))) return undefined;
  return { port: best.port, interfaces: [...best.open] };
}

function portRisks(desired: HostFacts, before: HostFacts | undefined, login: Login): LockoutRisk[] {
  const { port } = login;
  if (!desired.sshd.enabled) {
    // Not a change: the machine was not reached through its sshd before either.
    if (before && !before.sshd.enabled) return [];
    return [{ reason: 'sshd', text: 'it turns sshd off (services.openssh.enable)' }];
  }
  if (!before) {
    // A port other than 22 may be forwarded to sshd.
    if (port !== 22 || listens(desired, 22)) return [];
    const text = `sshd does not listen on port 22, which the connection uses, but on ${portsOf(desired).join(', ')}`;
    return [{ reason: 'port', text }];
  }
  const loginPort = port ?? 22;
  if (login.portMoves && before.sshd.enabled && !listens(before, loginPort) && listens(desired, loginPort)) {
    const steps = twoSteps(portsOf(before), [loginPort]);
    const text = `the running system does not listen on port ${loginPort} yet: ${steps}`;
    return [{ reason: 'port', text }];
  }
  const used = usedPorts(before, login);
  if (used.length === 0) return [];
  const kept = keptPorts(desired, before, login);
  if (kept.length === 0) {
    const text = `sshd no longer listens on port ${used.join(', ')} (services.openssh.ports): ${twoSteps(used, portsOf(desired))}`;
    return [{ reason: 'port', text }];
  }
  if (!isKnown('firewall', desired, before)) return [];
  const isOpen = (facts: HostFacts) => kept.some((one) => openOn(facts, one).length > 0);
  if (!isOpen(before) || isOpen(desired)) return [];
  const text = `the firewall no longer opens port ${kept.join(', ')} (networking.firewall.allowedTCPPorts)`;
  return [{ reason: 'firewall', text }];
}

/** How a port is moved: the first deployment logs in at the old port, the second at the new one. */
function twoSteps(from: readonly number[], to: readonly number[]): string {
  const both = [...new Set([...from, ...to])].join(' ');
  return `move it in two deployments, first with services.openssh.ports = [ ${both} ] and the connection’s port ${from.join(' or ')}, then with port ${to.join(' or ')} in both`;
}

function userRisks(desired: HostFacts, before: HostFacts | undefined, login: Login): LockoutRisk[] {
  const { user, fingerprint } = login;
  if (!isKnown('users', desired, before)) return [];
  const newUser = Object.hasOwn(desired.users, user) ? desired.users[user] : undefined;
  if (!before) {
    if (newUser || user === 'root') return [];
    return [{ reason: 'user', text: `it has no user ${user}, who deploys (users.users.${user})` }];
  }
  const oldUser = Object.hasOwn(before.users, user) ? before.users[user] : undefined;
  // Not declared in the configuration, such as a user of a directory service.
  if (!oldUser) return [];
  if (!newUser) {
    if (user === 'root') return [];
    return [{ reason: 'user', text: `it drops the user ${user}, which deploys (users.users.${user})` }];
  }
  const risks: LockoutRisk[] = [];
  const oldKeys = Object.keys(oldUser.keys);
  const isKept = (key: string) => Object.hasOwn(newUser.keys, key);
  const where = `users.users.${user}.openssh.authorizedKeys`;
  if (fingerprint !== undefined && oldKeys.includes(fingerprint) && !isKept(fingerprint)) {
    const text = `it drops the key ${fingerprint}, with which ${user} logs in (${where})`;
    risks.push({ reason: 'key', text });
  } else if (fingerprint === undefined && oldKeys.length > 0 && !oldKeys.some(isKept)) {
    risks.push({ reason: 'key', text: `it drops every key that ${user} had (${where})` });
  }
  if (user !== 'root' && oldUser.wheel && !newUser.wheel) {
    const text = `it takes ${user} out of the group wheel, and with it the right to become root`;
    risks.push({ reason: 'wheel', text });
  }
  return risks;
}

/** sshd's own refusal of root, which no key overcomes. */
function rootRisk(desired: HostFacts, before: HostFacts | undefined, { user }: Login): LockoutRisk[] {
  const refuses = (facts: HostFacts | undefined) =>
    ['no', 'forced-commands-only'].includes(facts?.access?.permitRootLogin ?? '');
  // It was so before: root gets in by another way.
  if (user !== 'root' || !refuses(desired) || refuses(before) || before?.sshd.enabled === false) return [];
  const setting = `services.openssh.settings.PermitRootLogin = "${desired.access?.permitRootLogin}"`;
  return [{ reason: 'rootLogin', text: `sshd refuses root, who deploys (${setting})` }];
}

/** What ends deployments for good, however the machine is entered. */
function upkeepRisks(desired: HostFacts, before: HostFacts | undefined): LockoutRisk[] {
  const risks: LockoutRisk[] = [];
  if (desired.access?.switchable === false) {
    const text = 'it has no switch-to-configuration, so it cannot be switched to (system.switch.enable)';
    risks.push({ reason: 'switch', text });
  }
  if (desired.access?.nix === false && before?.access?.nix !== false) {
    const text = 'it has no Nix, so no further deployment would be possible (nix.enable)';
    risks.push({ reason: 'nix', text });
  }
  return risks;
}

function isKnown(part: Part, ...systems: readonly (HostFacts | undefined)[]): boolean {
  return systems.every((facts) => !facts?.unread?.[part]);
}

/** The ports of sshd that the login may use now. */
function usedPorts(before: HostFacts, { port = 22 }: Login): number[] {
  if (!before.sshd.enabled) return [];
  return listens(before, port) ? [port] : portsOf(before);
}

/** The ports on which the login can go on; without the previous facts those that it names. */
function keptPorts(desired: HostFacts, before: HostFacts | undefined, login: Login): number[] {
  if (!desired.sshd.enabled) return [];
  const used = before ? usedPorts(before, login) : [login.port ?? 22];
  return used.filter((one) => listens(desired, one));
}

function listens(facts: HostFacts, port: number): boolean {
  return Object.hasOwn(facts.sshd.ports, String(port));
}

function portsOf(facts: HostFacts): number[] {
  return Object.keys(facts.sshd.ports).map(Number);
}

/** Where the firewall opens a port: everywhere, or on some interfaces. Keys: `22`, `20-30`, `eth0:20-30`. */
function openOn({ firewall, access }: HostFacts, port: number): 'everywhere' | readonly string[] {
  if (!firewall.enabled) return 'everywhere';
  const names = Object.keys(firewall.tcp).flatMap((key) => {
    const [, name, from, to = from] = /^(?:(.*):)?(\d+)(?:-(\d+))?$/.exec(key) ?? [];
    return Number(from) <= port && port <= Number(to) ? [name ?? ''] : [];
  });
  if (names.includes('')) return 'everywhere';
  // NixOS trusts the loopback interface.
  const trusted = Object.keys(access?.trustedInterfaces ?? {}).filter((name) => name !== 'lo');
  return [...new Set([...names, ...trusted])];
}
