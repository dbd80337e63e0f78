import type { Connection } from '../../schema/connection.ts';
import { runScript } from './script/run-script.ts';
import { scriptFile } from './script/text.ts';
import { bootstrapConnection, lastingConnection } from './ssh/bootstrap.ts';
import { closeConnection } from './ssh/run.ts';

const script = scriptFile('./retire.sh', import.meta.url);

/**
 * Removes the bootstrap user of a machine that is deployed, by the user who is to stay: account, keys and home. One that the
 * system itself dropped leaves a home, which goes too. Returns whether there was anything of it.
 * @throws FleetError bootstrap-user where the account is still there; unreachable, host-key, access-denied, cancelled
 */
export async function retireBootstrapUser(
  connection: Connection,
  host: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const bootstrap = bootstrapConnection(connection);
  // Root stays: it is every machine's.
  if (!bootstrap || bootstrap.user === 'root') return false;
  await closeConnection(bootstrap);
  const variables = { name: bootstrap.user };
  const reply = await runScript(lastingConnection(connection), host, script, { variables, signal });
  if (reply.has('state')) return reply.text('state') === 'removed';
  throw reply.error(
    {
      code: 'bootstrap-user',
      what: `the bootstrap user ${bootstrap.user} is still on the machine`,
      fix: `The machine is deployed. Remove the user there (userdel --remove ${bootstrap.user}), or leave bootstrapUser out; the next up tries again.`,
    },
    'state',
  );
}
