import type { DeploymentInputs } from '../../../schema/deployment.ts';
import { parseFacts } from '../../../schema/facts.ts';
import { allows, checkLockout } from './lockout.ts';

/** Problems of a deployment's inputs that a preview can find: property to reason. */
export function checkDeployment(
  inputs: DeploymentInputs,
  recorded?: DeploymentInputs,
): Record<string, string> {
  return {
    ...checkSpecialisation(inputs),
    ...checkVia(inputs),
    ...checkBootstrap(inputs),
    ...checkLockout(inputs, recorded),
  };
}

function checkSpecialisation({ host, facts, specialisation }: DeploymentInputs): Record<string, string> {
  if (!specialisation || !facts) return {};
  const names = Object.keys(parseFacts(facts).specialisations);
  if (names.includes(specialisation)) return {};
  const there = names.length > 0 ? `there are: ${names.join(', ')}` : 'its system has none';
  return { specialisation: `${host}: there is no specialisation ${specialisation}; ${there}` };
}

/** nixos-rebuild starts ssh and sudo itself, and can give them neither a password nor other means. */
function checkVia({ host, via, connection }: DeploymentInputs): Record<string, string> {
  const { local, user, become = 'sudo', becomePassword, bootstrapUser } = connection;
  if (via !== 'nixos-rebuild') return {};
  if (bootstrapUser !== undefined)
    return {
      via: `${host}: nixos-rebuild does not support bootstrapUser; set via: supervisor for the first deployment`,
    };
  const needs = user !== 'root' && (become !== 'sudo' || becomePassword !== undefined);
  if (!local && !needs) return {};
  const why = local ? 'local' : becomePassword === undefined ? `become: ${become}` : 'becomePassword';
  return { via: `${host}: nixos-rebuild cannot be used with ${why}; set via: supervisor` };
}

/** The system must have the user who deploys from now on, and must not have the one who is removed. */
function checkBootstrap(inputs: DeploymentInputs): Record<string, string> {
  const { host, connection, facts } = inputs;
  const { user, bootstrapUser } = connection;
  if (bootstrapUser === undefined || !facts) return {};
  const { users } = parseFacts(facts);
  if (bootstrapUser !== 'root' && Object.hasOwn(users, bootstrapUser)) {
    const why = `${host}: the configuration has the bootstrap user ${bootstrapUser}, so each activation would make it again`;
    return { 'connection.bootstrapUser': `${why}. Take it out of users.users, or name it as user` };
  }
  if (user === 'root' || allows(inputs, 'user') || Object.hasOwn(users, user)) return {};
  return {
    'connection.user': `${host}: the configuration has no user ${user}, who is to deploy after the first time`,
  };
}
