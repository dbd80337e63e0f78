import { z } from 'zod';
import { formerTypeAliases } from '../../schema/former-types.ts';
import type { AnyResource } from '../resource.ts';
import { alwaysSecret } from '../wire/secrets.ts';
import { providerConfig } from './configuration.ts';

interface JsonSchema {
  type?: string | string[];
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
}

type PulumiType = Record<string, unknown>;
type Types = Record<string, PulumiType>;

/** The package's schema as Pulumi's tools read it, made from the zod schemas of the resources. */
export function packageSchema(resources: Iterable<AnyResource>, version: string): Record<string, unknown> {
  const types: Types = {};
  const config = objectOf(providerConfig, 'input', 'Config', types);
  const entries = [...resources].map((resource) => {
    const name = resource.token.split(':').at(-1) as string;
    const inputs = objectOf(resource.inputs, 'input', `${name}Args`, types);
    for (const secret of resource.secretInputs ?? [])
      Object.assign(inputs.properties[secret] ?? {}, { secret: true });
    const state = objectOf(resource.state, 'output', name, types);
    for (const secret of resource.secretOutputs ?? [])
      Object.assign(state.properties[secret] ?? {}, { secret: true });
    return [
      resource.token,
      {
        description: resource.description,
        aliases: formerTypeAliases(resource.token),
        inputProperties: inputs.properties,
        requiredInputs: inputs.required,
        properties: state.properties,
        required: state.required,
      },
    ] as const;
  });
  return {
    name: 'nixos',
    version,
    displayName: 'NixOS fleet',
    description: 'Deploys NixOS machines.',
    license: 'Apache-2.0',
    meta: { moduleFormat: '(.*)' },
    config: { variables: config.properties },
    provider: { description: 'The nixos provider.', inputProperties: config.properties },
    resources: Object.fromEntries(entries),
    types,
  };
}

function objectOf(schema: z.ZodType, io: 'input' | 'output', name: string, types: Types) {
  const json = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }) as JsonSchema;
  return membersOf(json, name, types);
}

function membersOf(json: JsonSchema, name: string, types: Types) {
  const properties = Object.fromEntries(
    Object.entries(json.properties ?? {}).map(([key, member]) => [
      key,
      {
        ...typeOf(member, name + capital(key), types),
        ...(member.description ? { description: member.description } : {}),
        ...(isScalar(member.default) ? { default: member.default } : {}),
        ...(alwaysSecret.includes(key) ? { secret: true } : {}),
      },
    ]),
  );
  return { properties, required: json.required ?? [] };
}

/** The Pulumi type of a member; an object with members of its own becomes a named type. */
function typeOf(json: JsonSchema, name: string, types: Types): PulumiType {
  if (json.type === 'object' && json.properties) {
    const token = `nixos:index:${name}`;
    types[token] = {
      type: 'object',
      ...(json.description ? { description: json.description } : {}),
      ...membersOf(json, name, types),
    };
    return { $ref: `#/types/${token}` };
  }
  if (json.type === 'object') {
    const values = typeof json.additionalProperties === 'object' ? json.additionalProperties : {};
    return { type: 'object', additionalProperties: typeOf(values, `${name}Value`, types) };
  }
  if (json.type === 'array') return { type: 'array', items: typeOf(json.items ?? {}, `${name}Item`, types) };
  if (json.anyOf) {
    const oneOf = json.anyOf.map((member, index) => typeOf(member, `${name}${index + 1}`, types));
    return { oneOf };
  }
  const example = json.const ?? json.enum?.[0];
  const type = typeof json.type === 'string' ? json.type : example === undefined ? undefined : typeof example;
  if (type === 'string' || type === 'boolean' || type === 'number' || type === 'integer') return { type };
  return { $ref: 'pulumi.json#/Any' };
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
