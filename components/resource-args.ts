import type * as pulumi from '@pulumi/pulumi';
import { type ConnectionArgs, withSecretPassword } from './connection.ts';

const connectionKeys = ['connection', 'bootConnection'] as const;
type ConnectionKey = (typeof connectionKeys)[number];

type Arg<Key, Value> = Key extends ConnectionKey ? pulumi.Input<ConnectionArgs> : pulumi.Input<Value>;

/**
 * Arguments of a resource: its inputs, each of which may be an output of another resource. Whatever is not `Required` may be left
 * out, and of a connection all but what leads to the machine: the schema has the defaults.
 */
export type ResourceArgs<Inputs, Required extends keyof Inputs> = {
  [key in Exclude<keyof Inputs, Required>]?: Arg<key, Inputs[key] | undefined>;
} & { [key in Required]: Arg<key, Inputs[key]> };

/**
 * What the SDK registers for a resource: the arguments that have a value, for it spends time on each, with a connection's password
 * as a secret; and its outputs, by name.
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
