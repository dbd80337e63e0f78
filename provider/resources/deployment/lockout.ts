import { FleetError } from '../../../lib/base/errors.ts';
import { arrivalInterface } from '../../../lib/machine/arrival.ts';
import { type Login, limitedTo, lockoutRisks } from '../../../lib/machine/lockout.ts';
import { identityFingerprint } from '../../../lib/machine/ssh/identity.ts';
import type { Machine } from '../../../lib/machine/ssh/machine.ts';
import type { DeploymentInputs, LockoutReason } from '../../../schema/deployment.ts';
import { factsText, type HostFacts, parseFacts } from '../../../schema/facts.ts';
import type { Context } from '../../resource.ts';

type Guarded = Pick<DeploymentInputs, 'facts' | 'connection' | 'host' | 'allowLockout'>;

/** Refuses a system that would lock its deployer out, at preview; see `lockoutRisks`. */
export function checkLockout(inputs: DeploymentInputs, recorded?: DeploymentInputs): Record<string, string> {
  const { facts, connection, host } = inputs;
  if (!facts || recorded?.system === inputs.system) return {};
  const risks = lockoutRisks(parseFacts(facts), factsOf(recorded?.facts), {
    ...loginOf(inputs),
    portMoves: recorded !== undefined && recorded.connection.port !== connection.port,
  }).filter(
    ({ reason }) =>
      !allows(inputs, reason) &&
      // The operator's own computer needs no sshd; a bootstrap's user has a check of its own.
      !(connection.local && reason !== 'switch' && reason !== 'nix') &&
      !(connection.bootstrapUser !== undefined && !recorded && reason === 'user'),
  );
  if (risks.length === 0) return {};
  const texts = risks.map(({ text }) => text).join('; ');
  const reasons = [...new Set(risks.map(({ reason }) => reason))].join(', ');
  const fix = `Fix the configuration, or allow it for this machine: allowLockout: [${reasons}]`;
  return { facts: `${host}: the new configuration would lock you out: ${texts}. ${fix}` };
}

export function allows({ allowLockout }: Pick<Guarded, 'allowLockout'>, reason: LockoutReason): boolean {
  return Array.isArray(allowLockout) ? allowLockout.includes(reason) : allowLockout;
}

/** A preview's line for a port that is closed on some interfaces: which one ssh uses is only known on the machine. */
export function limitedNote(desired: DeploymentInputs, before: HostFacts | undefined): string[] {
  const limited = limitOf(desired, before);
  if (!limited) return [];
  const { port, interfaces } = limited;
  return [
    `the firewall opens port ${port} on ${interfaces.join(', ')} alone: the update is refused if ssh arrives on another interface`,
  ];
}

/** Refuses, before anything changes, a system whose firewall closes the interface on which ssh arrives. */
export async function refuseOtherInterface(
  machine: Machine,
  desired: DeploymentInputs,
  before: string | undefined,
  { signal, log }: Context,
): Promise<void> {
  const limited = limitOf(desired, factsOf(before));
  if (!limited) return;
  const { port, interfaces } = limited;
  const used = await arrivalInterface(machine, signal);
  const where = `port ${port} on ${interfaces.join(', ')} alone`;
  if (used === undefined) {
    log(
      'warning',
      `${machine.name}: the new firewall opens ${where}; on which interface ssh arrives is not known`,
    );
    return;
  }
  if (used === 'lo' || interfaces.some((name) => matches(name, used))) return;
  throw new FleetError({
    code: 'lockout',
    what: 'the new configuration would lock you out',
    host: machine.name,
    why: `the firewall would open ${where}, and ssh arrives on ${used}`,
    fix: `Open it on ${used} (networking.firewall.interfaces.${used}.allowedTCPPorts), set the address to one behind ${interfaces.join(' or ')}, or set allowLockout: [firewall].`,
  });
}

function limitOf(desired: DeploymentInputs, before: HostFacts | undefined) {
  const { facts, connection } = desired;
  if (typeof facts !== 'string' || connection.local || allows(desired, 'firewall')) return undefined;
  return limitedTo(parseFacts(facts), before, loginOf(desired));
}

/** iptables writes `docker+`, nftables `docker*`. */
function matches(name: string, used: string): boolean {
  return /[+*]$/.test(name) ? used.startsWith(name.slice(0, -1)) : name === used;
}

/** Undefined where they are missing, or another version wrote them. */
function factsOf(text: string | undefined): HostFacts | undefined {
  const facts = factsText.safeParse(text);
  return facts.success ? parseFacts(facts.data) : undefined;
}

function loginOf({ connection }: Guarded): Login {
  const { user, port, identityFile } = connection;
  return { user, port, fingerprint: identityFingerprint(identityFile) };
}
