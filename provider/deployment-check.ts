import { lockoutRisks } from '../lib/machine/lockout.ts';
import { identityFingerprint } from '../lib/ssh/identity.ts';
import type { DeploymentInputs } from '../schema/deployment.ts';
import { factsText, parseFacts } from '../schema/facts.ts';

/** What of a deployment's inputs can be told wrong at preview: property to reason. */
export function checkDeployment(
  inputs: DeploymentInputs,
  recorded?: DeploymentInputs,
): Record<string, string> {
  return { ...checkSpecialisation(inputs), ...checkLockout(inputs, recorded) };
}

function checkSpecialisation({ host, facts, specialisation }: DeploymentInputs): Record<string, string> {
  if (!specialisation || !facts) return {};
  const names = Object.keys(parseFacts(facts).specialisations);
  if (names.includes(specialisation)) return {};
  const there = names.length > 0 ? `there are: ${names.join(', ')}` : 'its system has none';
  return { specialisation: `${host}: there is no specialisation ${specialisation}; ${there}` };
}

/** Refuses a system that would lock its deployer out, at preview; see `lockoutRisks`. */
function checkLockout(inputs: DeploymentInputs, recorded?: DeploymentInputs): Record<string, string> {
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
