/** Writes docs/config.schema.json, by which editors complete and check `Pulumi.<stack>.yaml`: `npm run reference`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { namespace } from '../program/config/namespace.ts';
import { stackConfig } from '../schema/config.ts';

type Node = Record<string, unknown>;

/** `pulumi config set --secret --path` encrypts any text of the config. */
const encrypted = {
  properties: { secure: { type: 'string' } },
  required: ['secure'],
  additionalProperties: false,
};

/** A schema in which each text may be encrypted. */
function encryptable(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(encryptable);
  if (typeof node !== 'object' || node === null) return node;
  const schema: Node = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, key === 'propertyNames' ? value : encryptable(value)]),
  );
  if (schema.type !== 'string' || 'enum' in schema || 'const' in schema) return schema;
  return { ...schema, type: ['string', 'object'], ...encrypted };
}

/** The value of a key of the config: `pulumi config set` writes all values as texts, and encrypts them as a whole. */
function settable({ description, default: unset, ...schema }: Node): Node {
  if (Array.isArray(schema.type)) return { description, default: unset, ...schema };
  return { description, default: unset, anyOf: [schema, { type: 'object', ...encrypted }, ...text(schema)] };
}

function text({ type }: Node): Node[] {
  switch (type) {
    case 'boolean':
      return [{ enum: ['true', 'false'] }];
    case 'integer':
    case 'number':
      return [{ type: 'string', pattern: '^[0-9.]+$' }];
    case 'object':
      return [{ type: 'string', pattern: '^\\s*\\{' }];
    default:
      return [];
  }
}

export function configSchema(): Node {
  const { properties } = z.toJSONSchema(stackConfig, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      // Zod's bounds of an integer.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  const keys = Object.entries(properties ?? {}) as [string, Node][];
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Pulumi.<stack>.yaml of a program of nixos-fleet',
    type: 'object',
    properties: {
      config: {
        type: 'object',
        properties: Object.fromEntries(
          keys.map(([key, schema]) => [`${namespace}:${key}`, settable(encryptable(schema) as Node)]),
        ),
        patternProperties: { [`^${namespace}:(?!(${keys.map(([key]) => key).join('|')})$)`]: false },
      },
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(
    fileURLToPath(new URL('config.schema.json', import.meta.url)),
    `${JSON.stringify(configSchema(), null, 1)}\n`,
  );
}
