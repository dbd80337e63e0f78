import * as pulumi from '@pulumi/pulumi';
import type { Connection } from '../schema/connection.ts';

/** How a machine is entered: by its address, or as `local`. What else is left out comes from the schema's defaults. */
export type ConnectionArgs = {
  [key in keyof Connection]?: pulumi.Input<NonNullable<Connection[key]>>;
};

/** The same connection with its password as a Pulumi secret; one that is yet to come the provider marks itself. */
export function withSecretPassword(connection: pulumi.Input<ConnectionArgs>): pulumi.Input<ConnectionArgs> {
  if (pulumi.Output.isInstance(connection) || connection instanceof Promise) return connection;
  const { becomePassword } = connection;
  return becomePassword === undefined
    ? connection
    : { ...connection, becomePassword: pulumi.secret(becomePassword) };
}
