import assert from 'node:assert/strict';
import { test } from 'node:test';
import { registry } from '../../../../provider/registry.ts';
import { packageSchema } from '../../../../provider/service/schema.ts';

type Property = {
  type?: string;
  $ref?: string;
  description?: string;
  additionalProperties?: Property;
  default?: unknown;
  secret?: boolean;
};
type ObjectType = { properties: Record<string, Property>; required: string[] };

const schema = packageSchema(registry.values(), '1.2.3') as {
  version: string;
  config: { variables: Record<string, Property> };
  resources: Record<
    string,
    { inputProperties: Record<string, Property>; requiredInputs: string[] } & ObjectType
  >;
  types: Record<string, ObjectType>;
};

test('every resource of the registry is in it', () => {
  assert.deepEqual(Object.keys(schema.resources), [...registry.keys()]);
  assert.equal(schema.version, '1.2.3');
});

test('a property has type and description, a map its values', () => {
  const { inputProperties, requiredInputs, properties } =
    schema.resources['nixos:index:Kernel'] ?? assert.fail();
  assert.equal(inputProperties.version?.type, 'string');
  assert.deepEqual(inputProperties.config?.additionalProperties, { type: 'string' });
  assert.match(inputProperties.config?.description ?? '', /symbols/);
  assert.ok(requiredInputs.includes('outPath'));
  assert.ok('gcRoot' in properties && !('gcRoot' in inputProperties));
});

test('every reference has its type, and required names are properties', () => {
  const references = [...JSON.stringify(schema).matchAll(/"#\/types\/([^"]+)"/g)].map(
    (match) => match[1] ?? '',
  );
  for (const token of references) assert.ok(schema.types[token], `${token} is missing`);
  for (const [token, type] of Object.entries({ ...schema.types, ...schema.resources })) {
    for (const name of type.required) assert.ok(name in type.properties, `${token} requires ${name}`);
  }
});

test('the configuration of the provider has its default', () => {
  assert.equal(schema.config.variables.onFailure?.default, 'continue');
});

test('what is always a secret is marked, nested or not', () => {
  const { inputProperties } = schema.resources['nixos:index:Secret'] ?? assert.fail();
  assert.equal(inputProperties.value?.secret, true);
  assert.equal(inputProperties.path?.secret, undefined);
  for (const name of ['Secret', 'Deployment']) {
    const connection = schema.types[`nixos:index:${name}ArgsConnection`]?.properties;
    assert.equal(connection?.becomePassword?.secret, true, name);
    assert.equal(connection?.user?.secret, undefined);
  }
});
