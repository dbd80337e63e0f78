import { type ConnectionArgs, withSecretPassword } from './connection.ts';
import type * as pulumi from './pulumi.ts';

const connectionKeys = ['connection', 'bootConnection'] as const;
type ConnectionKey = (typeof connectionKeys)[number];

type Arg<Key, Value> = Key extends ConnectionKey ? pulumi.Input<ConnectionArgs> : pulumi.Input<Value>;

/**
 * Arguments of a resource: its inputs, each of which may be an output of another resource. Inputs that are not `Required` may be
 * left out, as may settings of a connection: the schema has the defaults.
 */
export type ResourceArgs<Inputs, Required extends keyof Inputs> = {
  [key in Exclude<keyof Inputs, Required>]?: Arg<key, Inputs[key] | undefined>;
} & { [key in Required]: Arg<key, Inputs[key]> };

/**
 * The properties to register for a resource: the arguments that have a value, as the SDK spends time on each, with a connection's
 * password as a secret; and the names of the outputs.
 */
export function registered(args: object, outputs: readonly string[] = []): pulumi.Inputs {
  const given = Object.entries(args).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(outputs.map((name) => [name, undefined])),
    ...Object.fromEntries(
      given.map(([name, value]) => [
        name,
        connectionKeys.some((key) => key === name) ? withSecretPassword(value) : value,
      ]),
    ),
  };
}
