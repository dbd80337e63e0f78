import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examples } from '../../../../provider/package/examples.ts';
import { packageSchema } from '../../../../provider/package/schema.ts';
import { components, functions, registry } from '../../../../provider/registry.ts';
import { providerConfig } from '../../../../provider/service/configuration.ts';

type Property = {
  type?: string;
  $ref?: string;
  description?: string;
  additionalProperties?: Property;
  items?: Property;
  oneOf?: Property[];
  default?: unknown;
  secret?: boolean;
};
type ObjectType = { properties: Record<string, Property>; required: string[] };
type EnumType = { enum: { name: string; value: string }[] };

const manifest = {
  version: '1.2.3',
  description: 'Deploys.',
  license: 'MIT',
  keywords: ['own'],
  repository: { url: 'https://example.org/fleet' },
};
const schema = packageSchema({
  resources: registry.values(),
  functions: functions.values(),
  components: components.values(),
  config: providerConfig,
  manifest,
}) as {
  version: string;
  description: string;
  license: string;
  keywords: string[];
  repository: string;
  publisher: string;
  logoUrl: string;
  language: Record<string, unknown>;
  config: { variables: Record<string, Property> };
  resources: Record<
    string,
    {
      description: string;
      isComponent?: boolean;
      inputProperties: Record<string, Property>;
      requiredInputs: string[];
    } & ObjectType
  >;
  functions: Record<string, { description: string; inputs: ObjectType; outputs: ObjectType }>;
  types: Record<string, (ObjectType & { enum?: undefined }) | EnumType>;
};

const resource = (name: string) => schema.resources[`nixos:index:${name}`] ?? assert.fail();
const objectType = (name: string) => {
  const type = schema.types[`nixos:index:${name}`];
  return type && !type.enum ? type : assert.fail(`${name} is no object type`);
};

test('every resource of the registry is in it', () => {
  assert.deepEqual(Object.keys(schema.resources), [...registry.keys(), ...components.keys()]);
});

test('what the package is comes from package.json', () => {
  assert.equal(schema.version, '1.2.3');
  assert.equal(schema.description, 'Deploys.');
  assert.equal(schema.license, 'MIT');
  assert.equal(schema.repository, 'https://example.org/fleet');
  assert.ok(schema.keywords.includes('own') && schema.keywords.includes('category/infrastructure'));
  assert.ok(schema.publisher && schema.logoUrl.startsWith('https://'));
  assert.deepEqual(Object.keys(schema.language), ['nodejs', 'python', 'go']);
});

test('a property has type and description, a map its values', () => {
  const { inputProperties, requiredInputs, properties } = resource('Kernel');
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
    if ('enum' in type) continue;
    for (const name of type.required) assert.ok(name in type.properties, `${token} requires ${name}`);
  }
});

test('one of several texts is an enum, whose default is one of its values', () => {
  const { action, allowLockout } = resource('Deployment').inputProperties;
  assert.deepEqual(action && { $ref: action.$ref, default: action.default }, {
    $ref: '#/types/nixos:index:DeploymentAction',
    default: 'switch',
  });
  const type = schema.types['nixos:index:DeploymentAction'] as EnumType;
  assert.deepEqual(type.enum, [
    { name: 'Switch', value: 'switch' },
    { name: 'Boot', value: 'boot' },
    { name: 'Test', value: 'test' },
    { name: 'DryActivate', value: 'dry-activate' },
  ]);
  assert.deepEqual(allowLockout?.oneOf?.[0], { type: 'boolean' });
});

test('what means the same is one type', () => {
  const connections = [resource('Secret'), resource('Deployment')].flatMap(
    ({ inputProperties, properties }) => [inputProperties.connection?.$ref, properties.connection?.$ref],
  );
  assert.deepEqual([...new Set(connections)], ['#/types/nixos:index:Connection']);
  assert.ok(!Object.keys(schema.types).some((token) => /(Item|Value|\d)$/.test(token)));
});

test('an output with a default is always there, and an input need not be', () => {
  const { required, requiredInputs } = resource('Deployment');
  assert.ok(required.includes('action') && !requiredInputs.includes('action'));
  assert.ok(required.includes('live') && requiredInputs.includes('connection'));
});

test('the configuration of the provider has its default', () => {
  assert.equal(schema.config.variables.onFailure?.default, 'continue');
});

test('what is always a secret is marked, nested or not', () => {
  const { inputProperties } = resource('Secret');
  assert.equal(inputProperties.value?.secret, true);
  assert.equal(inputProperties.path?.secret, undefined);
  assert.equal(resource('SigningKey').properties.secretKey?.secret, true);
  const { becomePassword, user } = objectType('Connection').properties;
  assert.equal(becomePassword?.secret, true);
  assert.equal(user?.secret, undefined);
});

test('an output that is for an input has no setting of several texts, which YAML cannot assign', () => {
  const { connections } = schema.resources['nixos:index:Lab']?.properties ?? {};
  const token = connections?.additionalProperties?.$ref?.replace('#/types/', '') ?? '';
  const members = (schema.types[token] as ObjectType).properties;
  assert.deepEqual(Object.keys(members).sort(), ['address', 'hostKey', 'identityFile']);
  for (const { type } of Object.values(members)) assert.equal(type, 'string');
});

test('every component is in it, as one', () => {
  const { isComponent, inputProperties, requiredInputs } = resource('Fleet');
  assert.equal(isComponent, true);
  assert.equal(inputProperties.hosts?.additionalProperties?.$ref, '#/types/nixos:index:FleetHost');
  assert.deepEqual(requiredInputs, ['hosts']);
  assert.equal(objectType('FleetHost').properties.connection?.$ref, '#/types/nixos:index:Connection');
});

test('every function is in it, with arguments and result', () => {
  assert.deepEqual(Object.keys(schema.functions), [...functions.keys()]);
  const { inputs, outputs } = schema.functions['nixos:index:machine'] ?? assert.fail();
  assert.deepEqual(inputs.required, ['connection']);
  assert.equal(inputs.properties.connection?.$ref, '#/types/nixos:index:Connection');
  assert.ok(outputs.required.includes('generation'));
  const evaluate = schema.functions['nixos:index:evaluate'] ?? assert.fail();
  assert.deepEqual(evaluate.inputs.required, ['hosts']);
  assert.equal(
    evaluate.outputs.properties.hosts?.additionalProperties?.$ref,
    '#/types/nixos:index:EvaluatedHost',
  );
});

test('each resource, component and function has an example, which it accepts', () => {
  const shapes = [
    ...[...registry.values()].map(({ token, inputs }) => ({ token, shape: inputs })),
    ...[...components.values(), ...functions.values()].map(({ token, args }) => ({ token, shape: args })),
  ];
  assert.deepEqual(Object.keys(examples).sort(), shapes.map(({ token }) => token).sort());
  for (const { token, shape } of shapes) {
    const [, example] = examples[token] ?? assert.fail();
    // What an example refers to is not judged.
    const given = Object.entries(example).filter(([, value]) => !String(value).startsWith('${'));
    const issues = shape.safeParse(Object.fromEntries(given)).error?.issues ?? [];
    const referred = (path: PropertyKey[]) => String(example[String(path[0])]).startsWith('${');
    assert.deepEqual(
      issues.filter(({ path }) => !referred(path)),
      [],
      token,
    );
  }
});

test('an example is there in TypeScript and YAML', () => {
  const { description } = resource('Deployment');
  assert.match(description, /```typescript\n[^`]*new nixos\.Deployment\('web', \{\n {2}host: "web",\n/);
  assert.match(description, /```yaml\nresources:\n {2}web:\n {4}type: nixos:Deployment\n/);
  const { description: machine } = schema.functions['nixos:index:machine'] ?? assert.fail();
  assert.match(machine, /await nixos\.machine\(\{\n/);
  assert.match(machine, /fn::invoke:\n {6}function: nixos:machine\n/);
});
