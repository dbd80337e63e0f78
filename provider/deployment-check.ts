import { lockoutRisks } from '../lib/machine/lockout.ts';
import { identityFingerprint } from '../lib/ssh/identity.ts';
import type { DeploymentInputs } from '../schema/deployment.ts';
import { factsText, parseFacts } from '../schema/facts.ts';

/** Refuses a system that would lock its deployer out, at preview; see `lockoutRisks`. */
export function checkLockout(inputs: DeploymentInputs, recorded?: DeploymentInputs): Record<string, string> {
  const { facts, connection, host, allowLockout } = inputs;
  if (allowLockout || !facts || recorded?.system === inputs.system) return {};
  const before = factsText.safeParse(recorded?.facts);
  const risks = lockoutRisks(parseFacts(facts), before.success ? parseFacts(before.data) : undefined, {
    user: connection.user,
    port: connection.port,
    fingerprint: identityFingerprint(connection.identityFile),
  });
  if (risks.length === 0) return {};
  const mend = 'Mend the configuration, or set allowLockout: true for this machine.';
  return { facts: `${host}: the new configuration would lock you out: ${risks.join('; ')}. ${mend}` };
}
