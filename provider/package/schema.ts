import * as z from 'zod';
import { mapValues } from '../../lib/base/map-values.ts';
import { connection } from '../../schema/connection.ts';
import { formerTypeAliases } from '../../schema/former-types.ts';
import { healthCheck } from '../../schema/health-check.ts';
import { evaluatedHost } from '../../schema/provider-functions.ts';
import type { ProviderComponent } from '../component.ts';
import type { AnyFunction } from '../function.ts';
import type { AnyResource } from '../resource.ts';
import { alwaysSecret } from '../wire/secrets.ts';
import { withExample } from './examples.ts';
import { languages } from './languages.ts';
import type { Manifest } from './manifest.ts';
import { capital, type JsonSchema, type Members, PackageTypes } from './types.ts';

/** Types that many resources use. */
const shared: Readonly<Record<string, z.ZodType>> = {
  Connection: connection,
  HealthCheck: healthCheck,
  EvaluatedHost: evaluatedHost,
};

/** What a package offers. */
export interface PackageContents {
  resources: Iterable<AnyResource>;
  functions: Iterable<AnyFunction>;
  components: Iterable<ProviderComponent>;
  config: z.ZodType;
  manifest: Manifest;
}

/** The package's schema as Pulumi's tools read it, made from the zod schemas. */
export function packageSchema(contents: PackageContents): Record<string, unknown> {
  const { version, description, license, keywords = [], homepage, repository } = contents.manifest;
  const types = new PackageTypes('nixos', alwaysSecret);
  for (const [name, schema] of Object.entries(shared)) types.declare(name, jsonOf(schema, 'input'));
  const config = types.membersOf(jsonOf(contents.config, 'input'), 'Config');
  return {
    name: 'nixos',
    version,
    displayName: 'NixOS fleet',
    description,
    license,
    keywords: [...new Set([...keywords, 'pulumi', 'nixos', 'category/infrastructure', 'kind/native'])],
    homepage,
    repository: typeof repository === 'object' ? repository.url : repository,
    publisher: 'nixos-fleet',
    logoUrl: 'https://raw.githubusercontent.com/NixOS/nixos-artwork/master/logo/nix-snowflake-colours.svg',
    meta: { moduleFormat: '(.*)' },
    language: languages,
    // Go has no types of its own in the package of the configuration.
    config: {
      variables: mapValues(config.properties, (property) => ({
        ...property,
        $ref: undefined,
        type: 'string',
      })),
    },
    provider: {
      description: 'How the nixos provider works: see docs/reference.md.',
      inputProperties: config.properties,
    },
    resources: Object.fromEntries([
      ...[...contents.resources].map((each) => [each.token, resourceOf(each, types)] as const),
      ...[...contents.components].map((each) => [each.token, componentOf(each, types)] as const),
    ]),
    functions: Object.fromEntries(
      [...contents.functions].map((each) => [each.token, functionOf(each, types)]),
    ),
    types: types.all,
  };
}

function resourceOf(resource: AnyResource, types: PackageTypes): Record<string, unknown> {
  const { token, description, secretInputs = [], secretOutputs = [] } = resource;
  const name = token.split(':').at(-1) as string;
  const inputs = types.membersOf(jsonOf(resource.inputs, 'input'), name);
  markSecret(inputs, secretInputs);
  // Nested, what has a default is optional in states too: inputs and outputs have one type.
  const state = types.membersOf(jsonOf(resource.state, 'input'), name);
  markSecret(state, [...secretInputs, ...secretOutputs]);
  return {
    description: withExample(token, description),
    aliases: formerTypeAliases(token),
    inputProperties: inputs.properties,
    requiredInputs: inputs.required,
    properties: state.properties,
    required: jsonOf(resource.state, 'output').required ?? [],
  };
}

function componentOf({ token, description, args, outputs }: ProviderComponent, types: PackageTypes) {
  const name = token.split(':').at(-1) as string;
  const inputs = types.membersOf(jsonOf(args, 'input'), name);
  // As of resources: an output can be given as an input, such as the connection of a lab's machine to a host.
  const state = types.membersOf(jsonOf(outputs, 'input'), name);
  return {
    description: withExample(token, description),
    isComponent: true,
    // The type that programs in TypeScript register: see components/component.ts.
    aliases: [{ type: token.replace('nixos:', 'nixos-fleet:') }],
    inputProperties: inputs.properties,
    requiredInputs: inputs.required,
    properties: state.properties,
    required: jsonOf(outputs, 'output').required ?? [],
  };
}

function functionOf({ token, description, args, result }: AnyFunction, types: PackageTypes) {
  const name = capital(token.split(':').at(-1) as string);
  const inputs = types.membersOf(jsonOf(args, 'input'), name);
  return {
    description: withExample(token, description),
    inputs: { type: 'object', ...inputs },
    outputs: { type: 'object', ...types.membersOf(jsonOf(result, 'output'), `${name}Result`) },
  };
}

function markSecret({ properties }: Members, names: readonly string[]): void {
  for (const name of names) Object.assign(properties[name] ?? {}, { secret: true });
}

function jsonOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }) as JsonSchema;
}
