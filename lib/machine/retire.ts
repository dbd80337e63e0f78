import { readFileSync } from 'node:fs';
import type { Connection } from '../../schema/connection.ts';
import { FleetError } from '../base/errors.ts';
import { bootstrapConnection, lastingConnection } from './ssh/bootstrap.ts';
import { shellVariables } from './ssh/quote.ts';
import { closeConnection, runOnMachine } from './ssh/run.ts';

const script = readFileSync(new URL('./retire.sh', import.meta.url), 'utf8');

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
  const variables = shellVariables({ name: bootstrap.user });
  const { stdout, stderr } = await runOnMachine(lastingConnection(connection), host, variables + script, {
    signal,
  });
  const [, state] = /^state=(gone|removed)$/m.exec(stdout) ?? [];
  if (state) return state === 'removed';
  throw new FleetError({
    code: 'bootstrap-user',
    what: `the bootstrap user ${bootstrap.user} is still on the machine`,
    host,
    why: /^why=(.*)$/m.exec(stdout)?.[1] ?? stderr.trim(),
    fix: `The machine is deployed. Remove the user there (userdel --remove ${bootstrap.user}), or leave bootstrapUser out; the next up tries again.`,
  });
}
