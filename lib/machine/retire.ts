import { scriptFile } from './script/text.ts';
import type { Machine } from './ssh/machine.ts';
import { runScript } from './ssh/run-script.ts';

const script = scriptFile('./retire.sh', import.meta.url);

/**
 * Removes the bootstrap user of a deployed machine: account, keys and home, logged in as the regular user. Also removes the home
 * of a bootstrap user that the new configuration dropped. Returns whether anything was removed.
 * @throws FleetError bootstrap-user if the account is still there; unreachable, host-key, access-denied, cancelled
 */
export async function retireBootstrapUser(machine: Machine, signal?: AbortSignal): Promise<boolean> {
  const bootstrap = machine.asBootstrapUser();
  // Root is never removed.
  if (!bootstrap || bootstrap.connection.user === 'root') return false;
  await bootstrap.close();
  const { user } = bootstrap.connection;
  const variables = { name: user };
  const reply = await runScript(machine.asRegularUser(), script, { variables, signal });
  if (reply.has('state')) return reply.text('state') === 'removed';
  throw reply.error(
    {
      code: 'bootstrap-user',
      what: `the bootstrap user ${user} is still on the machine`,
      fix: `The machine is deployed. Remove the user there (userdel --remove ${user}) or remove bootstrapUser from the config. The next \`pulumi up\` tries again.`,
    },
    'state',
  );
}
