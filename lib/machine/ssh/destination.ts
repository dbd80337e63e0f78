import type { Connection } from '../../../schema/connection.ts';
import { runToEnd } from '../../base/process/run.ts';
import { sshArgs } from './arguments.ts';

/** Where ssh connects to, with what ssh_config makes of an alias. */
export interface Destination {
  /** Name in DNS, or IP address. */
  hostName: string;
  /** Jump hosts, of the connection or of ssh_config, as `proxyJump` names them; undefined if there are none. */
  proxyJump?: string;
}

/** Resolves a connection with `ssh -G`. An ssh_config that ssh refuses leaves it as it is: ssh itself then reports why. */
export async function resolveDestination(connection: Connection): Promise<Destination> {
  const { address, local, proxyJump } = connection;
  if (local) return { hostName: '127.0.0.1' };
  const { stdout } = await runToEnd('ssh', ['-G', ...sshArgs(connection, { fresh: true })], {
    timeoutSeconds: 30,
    env: { LC_ALL: 'C' },
  });
  const value = (keyword: string) => new RegExp(`^${keyword} (.+)$`, 'm').exec(stdout)?.[1];
  return { hostName: value('hostname') ?? address, proxyJump: proxyJump ?? value('proxyjump') };
}
