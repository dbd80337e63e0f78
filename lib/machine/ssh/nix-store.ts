import { type Connection, urlHost } from '../../../schema/connection.ts';
import { portOption, type SshOptions, sshOptions } from './arguments.ts';
import { becomeWords } from './become.ts';

export interface RemoteStore {
  /** Store URI for `nix copy --to`. */
  uri: string;
  /** To be added to the environment of that process. */
  env: { NIX_SSHOPTS: string };
}

/**
 * The machine's Nix store, reached as every other command reaches the machine; with root's rights, for the store takes
 * paths that nobody signed from root. `ssh-ng` sends a closure as one stream: 1001 paths over a line with a round trip
 * of 50 ms took 0.5 s, where `ssh` waits twice for each path (75 paths: 8.7 s).
 * The store of the operator's own computer is the one that nix uses there by itself.
 */
export function nixStoreFor(connection: Connection, how: SshOptions = {}): RemoteStore {
  if (connection.local) return { uri: 'auto', env: { NIX_SSHOPTS: '' } };
  const options = [...sshOptions(connection, how), ...portOption(connection)];
  const become = becomeWords(connection);
  const asRoot =
    become.length === 0 ? '' : `?remote-program=${encodeURIComponent([...become, 'nix-daemon'].join(' '))}`;
  return {
    uri: `ssh-ng://${connection.user}@${urlHost(connection.address)}${asRoot}`,
    env: { NIX_SSHOPTS: options.join(' ') },
  };
}
