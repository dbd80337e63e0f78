import { scriptFile } from './script/text.ts';
import type { Machine } from './ssh/machine.ts';
import { runScript } from './ssh/run-script.ts';

const script = scriptFile('./retire.sh', import.meta.url);

/**
 * Removes the bootstrap user of a machine that is deployed, by the user who is to stay: account, keys and home. One that the
 * system itself dropped leaves a home, which goes too. Returns whether there was anything of it.
 * @throws FleetError bootstrap-user where the account is still there; unreachable, host-key, access-denied, cancelled
 */
export async function retireBootstrapUser(machine: Machine, signal?: AbortSignal): Promise<boolean> {
  const bootstrap = machine.asBootstrapUser();
  // Root stays: it is every machine's.
  if (!bootstrap || bootstrap.connection.user === 'root') return false;
  await bootstrap.close();
  const { user } = bootstrap.connection;
  const variables = { name: user };
  const reply = await runScript(machine.asLastingUser(), script, { variables, signal });
  if (reply.has('state')) return reply.text('state') === 'removed';
  throw reply.error(
    {
      code: 'bootstrap-user',
      what: `the bootstrap user ${user} is still on the machine`,
      fix: `The machine is deployed. Remove the user there (userdel --remove ${user}), or leave bootstrapUser out; the next up tries again.`,
    },
    'state',
  );
}
