import type { Connection } from '../../../schema/connection.ts';

/** The connection of the bootstrap user, who becomes root without a password; undefined if none is set. */
export function bootstrapConnection(connection: Connection): Connection | undefined {
  const { bootstrapUser, becomePassword: _, forwardAgent: __, ...rest } = connection;
  return bootstrapUser === undefined ? undefined : { ...rest, user: bootstrapUser };
}

/** The connection of `user` alone: success proves that this user can log in. */
export function regularConnection({ bootstrapUser: _, ...rest }: Connection): Connection {
  return rest;
}
