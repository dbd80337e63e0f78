/** Components that the provider constructs for programs in any language, in previews by the real Pulumi CLI. */
import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { formatFacts } from '../../schema/facts.ts';
import { someFacts } from '../fixtures/facts.ts';
import { CliProject } from './cli-project.ts';
import { instantiate, write } from './derivations.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const project = new CliProject();
after(() => project.remove());

before(async () => {
  cpSync(join(fixtures, 'recorded/flake'), join(project.folder, 'nix'), { recursive: true });
  const program = join(fixtures, 'fleet-program/index.ts');
  writeFileSync(join(project.folder, 'index.ts'), `await import('${program}');\n`);
  const { exitCode, text } = await project.pulumi('stack', 'init', 'dev');
  assert.equal(exitCode, 0, text);
});

function declare(by: 'provider' | 'class', hosts: object, more: object = {}): void {
  const fleet = { by, flake: 'path:./nix', hosts, ...more };
  writeFileSync(join(project.folder, 'fleet.json'), JSON.stringify(fleet));
}

interface Step {
  urn: string;
  newState: { inputs: Record<string, unknown>; dependencies?: string[] };
}

/** The resources that a preview shows, by URN; those of Pulumi itself are left out. */
async function previewed(): Promise<Record<string, { inputs: object; after: string[] }>> {
  const { exitCode, stdout, stderr } = await project.pulumi('preview', '--json');
  const { steps, diagnostics = [] }: { steps: Step[]; diagnostics: { message: string }[] } = JSON.parse(
    // Components of programs in TypeScript have types of their own, which are aliases of these.
    stdout.replaceAll('nixos-fleet:index:', 'nixos:index:'),
  );
  assert.equal(exitCode, 0, stderr + diagnostics.map(({ message }) => message).join('\n'));
  return Object.fromEntries(
    steps
      .filter(({ urn }) => urn.includes('::nixos:index:'))
      // The arguments of a fleet are inputs of a component that a provider constructs, and no such of a class.
      .map(({ urn, newState: { inputs, dependencies = [] } }) =>
        urn.endsWith('nixos:index:Fleet::fleet')
          ? [urn, { inputs: {}, after: [] }]
          : [urn, { inputs, after: dependencies.toSorted() }],
      ),
  );
}

async function refusal(): Promise<string> {
  const { exitCode, text } = await project.pulumi('preview');
  assert.notEqual(exitCode, 0, text);
  return text;
}

// Nothing listens there.
const connection = { address: '127.0.0.1', port: 1 };
const web = {
  connection: { ...connection, becomePassword: 'hush-hush' },
  reboot: 'when-needed',
  healthChecks: { up: { command: 'true' } },
  secrets: { database: { value: 'hush-hush', mode: '0440' }, later: { value: 'hush-hush', when: 'after' } },
};

test('a fleet has the same resources, inputs and order through the provider as by the class', async () => {
  const hosts = { web, shop: { connection, configuration: 'db' } };
  const waves = [
    { name: 'canary', hosts: ['web'] },
    { name: 'others', hosts: ['shop'] },
  ];
  declare('class', hosts, { rollout: { waves } });
  const byClass = await previewed();
  declare('provider', hosts, { rollout: { waves } });
  const byProvider = await previewed();
  assert.deepEqual(byProvider, byClass);
  const urn = 'urn:pulumi:dev::fleet::nixos:index:Fleet$nixos:index:Host$nixos:index:Secret::web-database';
  assert.ok(urn in byProvider);
});

test('settings of a machine may be outputs that a preview does not know, also through the provider', async () => {
  const hosts = { web: { ...web, connection: { ...connection, address: 'unknown' }, machineId: 'unknown' } };
  declare('class', hosts, { hasUnknown: true });
  const byClass = await previewed();
  declare('provider', hosts, { hasUnknown: true });
  assert.deepEqual(await previewed(), byClass);
});

test('what decides which resources there are must be known', async () => {
  declare('provider', { web: { ...web, healthChecks: 'unknown' } }, { hasUnknown: true });
  assert.match(await refusal(), /hosts\.web\.healthChecks must be known in a preview/);
});

test('bad arguments are named by their path, all together, without a value', async () => {
  declare('provider', { web: { ...web, reboot: 'hush-hush', become: 'sudo' }, db: {} });
  const text = await refusal();
  assert.match(text, /the arguments of Fleet 'fleet' are invalid \[config-invalid\]/);
  for (const path of ['hosts.web.reboot', 'hosts.web.become', 'hosts.db.connection'])
    assert.ok(text.includes(path), text);
  assert.doesNotMatch(text, /hush-hush/);
});

test('a machine that cannot be evaluated fails the run at its end, and the others are shown', async () => {
  declare('provider', { web, lost: { connection, configuration: 'nowhere' } });
  const text = await refusal();
  assert.match(text, /lost: .*nowhere/);
  assert.match(text, /nixos:index:Deployment +web +create/);
});

test('a lab has the same resources, inputs and order through the provider as by the class', async () => {
  const args = { network: '10.213.250.0/24', base: '/nowhere/base', machines: { web: '10.213.250.11' } };
  project.write(
    'index.ts',
    `import { Lab } from '${join(import.meta.dirname, '../../components/index.ts')}';
new Lab('lab', ${JSON.stringify(args)});
`,
  );
  const byClass = await previewed();
  project.write(
    'index.ts',
    `import * as pulumi from '@pulumi/pulumi';
new pulumi.ComponentResource('nixos:index:Lab', 'lab', { ...${JSON.stringify(args)}, connections: undefined }, {}, true);
`,
  );
  const byProvider = await previewed();
  const lab = 'urn:pulumi:dev::fleet::nixos:index:Lab';
  assert.deepEqual(byProvider, byClass);
  assert.ok(`${lab}$nixos:index:LabMachine::web` in byProvider);
});

test('a machine that cannot be reached fails its component, and another is built and fails by itself', async () => {
  const [one, two] = await Promise.all(['one', 'two'].map((name) => instantiate(name, write(name))));
  const facts = formatFacts(someFacts());
  const args = [one, two].map((system) => ({
    connection,
    evaluated: { ...system, facts, revision: '', warnings: ['old option'] },
    live: undefined,
  }));
  writeFileSync(
    join(project.folder, 'index.ts'),
    `import * as pulumi from '@pulumi/pulumi';
const [one, two] = ${JSON.stringify(args)};
new pulumi.ComponentResource('nixos:index:Host', 'one', one, {}, true);
new pulumi.ComponentResource('nixos:index:Host', 'two', two, {}, true);
`,
  );
  const { exitCode, text } = await project.pulumi('up', '--yes', '--skip-preview');
  assert.notEqual(exitCode, 0, text);
  for (const name of ['one', 'two']) {
    assert.match(text, new RegExp(`${name}: .*\\[unreachable\\]`));
    assert.match(text, new RegExp(`warning: ${name}: old option`));
  }
  assert.doesNotMatch(text, /exited prematurely|please report|unhandled/i);
  const recorded = await project.recorded();
  assert.deepEqual(recorded.map(({ urn }) => urn.replace(/^.*dev::fleet::/, '')).sort(), [
    'nixos:index:Host$nixos:index:System::one',
    'nixos:index:Host$nixos:index:System::two',
  ]);
});

test('a component that the provider does not have is an error that names those it has', async () => {
  writeFileSync(
    join(project.folder, 'index.ts'),
    `import * as pulumi from '@pulumi/pulumi';\nnew pulumi.ComponentResource('nixos:index:Ship', 'ship', {}, {}, true);\n`,
  );
  assert.match(await refusal(), /no component 'nixos:index:Ship'(.|\n)*nixos:index:Fleet/);
});
