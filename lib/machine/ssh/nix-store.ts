import { type Connection, urlHost } from '../../../schema/connection.ts';
import { portOption, type SshOptions, sshOptions } from './arguments.ts';
import { becomePrefix } from './become.ts';

export interface RemoteStore {
  /** Store URI for `nix copy --to`. */
  uri: string;
  /** Environment of the nix process. */
  env: { NIX_SSHOPTS: string };
}

/**
 * The machine's Nix store over the machine's own connection, as root, since only a trusted user may add unsigned paths. Uses
 * `ssh-ng`, which sends a closure as one stream: 1001 paths took 0.5 s at a round-trip time of 50 ms. `ssh` waits twice per
 * path: 75 paths took 8.7 s. One connection, whatever the default: of several, some exceed sshd's sessions of the shared
 * connection, and then disturb Nix's protocol. A local machine uses this computer's default store.
 */
export function nixStoreFor(connection: Connection, how: SshOptions = {}): RemoteStore {
  if (connection.local) return { uri: 'auto', env: { NIX_SSHOPTS: '' } };
  const options = [...sshOptions(connection, { ...how, nix: true }), ...portOption(connection)];
  const become = becomePrefix(connection);
  const asRoot =
    become.length === 0 ? '' : `&remote-program=${encodeURIComponent([...become, 'nix-daemon'].join(' '))}`;
  return {
    uri: `ssh-ng://${connection.user}@${urlHost(connection.address)}?max-connections=1${asRoot}`,
    env: { NIX_SSHOPTS: options.join(' ') },
  };
}
