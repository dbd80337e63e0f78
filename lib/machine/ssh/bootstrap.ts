import type { Connection } from '../../../schema/connection.ts';

/** The connection of the bootstrap user, who becomes root without a password; undefined where there is none. */
export function bootstrapConnection(connection: Connection): Connection | undefined {
  const { bootstrapUser, becomePassword: _, forwardAgent: __, ...rest } = connection;
  return bootstrapUser === undefined ? undefined : { ...rest, user: bootstrapUser };
}

/** The connection of `user` only: what succeeds over it proves that this user is let in. */
export function lastingConnection({ bootstrapUser: _, ...rest }: Connection): Connection {
  return rest;
}
