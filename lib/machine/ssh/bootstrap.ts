import type { Connection } from '../../../schema/connection.ts';

/** The same way by the bootstrap user, who needs no password; undefined where there is none. Pure. */
export function bootstrapConnection(connection: Connection): Connection | undefined {
  const { bootstrapUser, becomePassword: _, forwardAgent: __, ...rest } = connection;
  return bootstrapUser === undefined ? undefined : { ...rest, user: bootstrapUser };
}

/** The same way by the user alone who is to stay: what is done by it proves that this one is let in. Pure. */
export function lastingConnection({ bootstrapUser: _, ...rest }: Connection): Connection {
  return rest;
}
