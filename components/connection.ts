import type { Connection } from '../schema/connection.ts';
import * as pulumi from './pulumi.ts';

/** How to log in to a machine: its address, or `local`. Defaults are those of the schema. */
export type ConnectionArgs = {
  [key in keyof Connection]?: pulumi.Input<NonNullable<Connection[key]>>;
};

/** Marks the password as a Pulumi secret. In an output, the provider marks it itself. */
export function withSecretPassword(connection: pulumi.Input<ConnectionArgs>): pulumi.Input<ConnectionArgs> {
  if (pulumi.Output.isInstance(connection) || connection instanceof Promise) return connection;
  const { becomePassword } = connection;
  return becomePassword === undefined
    ? connection
    : { ...connection, becomePassword: pulumi.secret(becomePassword) };
}
