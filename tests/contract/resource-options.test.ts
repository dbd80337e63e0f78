/** What Pulumi's options of resources do with a fleet and its machines, by the real Pulumi CLI. */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Declared } from '../fixtures/options-program/declared.ts';
import { CliProject, unsandboxed } from './cli-project.ts';

const root = join(import.meta.dirname, '../..');
const project = new CliProject(unsandboxed);
after(() => project.remove());

const everything = {
  protect: true,
  retainOnDelete: true,
  ignoreChanges: ['hosts'],
  replaceOnChanges: ['hosts'],
  customTimeouts: { update: '10m' },
};
let byClass: Awaited<ReturnType<typeof previewed>>;
let byProvider: typeof byClass;

async function succeeds(...args: string[]): Promise<string> {
  const { exitCode, text } = await project.pulumi(...args);
  assert.equal(exitCode, 0, text);
  return text;
}

before(async () => {
  cpSync(join(root, 'tests/fixtures/recorded/flake'), join(project.folder, 'nix'), { recursive: true });
  const program = join(root, 'tests/fixtures/options-program/index.ts');
  project.write('index.ts', `await import('${program}');\n`);
  await succeeds('stack', 'init', 'dev');
  declare({ withAll: true, options: everything, secrets: { web: ['key'] } });
  byClass = await previewed();
  declare({ by: 'provider', withAll: true, options: everything, secrets: { web: ['key'] } });
  byProvider = await previewed();
});

function declare(more: Partial<Declared>): void {
  const plain: Declared = { by: 'class', name: 'fleet', hosts: ['web', 'db'], options: {} };
  project.write('options.json', JSON.stringify({ ...plain, ...more }));
}

function edit(from: string, to: string): void {
  const file = join(project.folder, 'nix/system.nix');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(from, to));
}

interface Seen {
  op: string;
  state: Record<string, unknown> & { inputs: Record<string, unknown> };
}

/** `System::web` of a URN. */
const short = (urn: string) => urn.replace(/^.*[:$](\w+::[^:]+)$/, '$1');

/** The resources of a preview; those of both ways to declare a component have the same types. */
async function previewed() {
  const { exitCode, stdout, stderr } = await project.pulumi('preview', '--json');
  const { steps = [], diagnostics = [] } = JSON.parse(
    stdout.replaceAll('nixos-fleet:index:', 'nixos:index:'),
  );
  const messages: string[] = diagnostics.map(({ message }: { message: string }) => message);
  const resources: Record<string, Seen> = {};
  for (const { op, urn, newState, oldState } of steps)
    resources[short(urn)] = { op, state: newState ?? oldState };
  return { exitCode, text: messages.join('\n') + stderr, resources };
}

/** Options of each resource, without those that are not set. */
function optionsOf(resources: Readonly<Record<string, Seen>>): Record<string, Record<string, unknown>> {
  const names = ['protect', 'retainOnDelete', 'deletedWith', 'provider', 'dependencies', 'resourceHooks'];
  const more = ['ignoreChanges', 'replaceOnChanges', 'additionalSecretOutputs', 'customTimeouts'];
  return Object.fromEntries(
    Object.entries(resources).map(([name, { state }]) => [
      name,
      Object.fromEntries(
        [...names, ...more].flatMap((option) => {
          const value = state[option];
          if (value === undefined) return [];
          if (option === 'dependencies') return [[option, (value as string[]).map(short).sort()]];
          return [[option, option === 'provider' ? /::(\w+)::[^:]+$/.exec(value as string)?.[1] : value]];
        }),
      ),
    ]),
  );
}

test('options of a fleet reach its machines, by the class and through the provider', () => {
  for (const { exitCode, text } of [byClass, byProvider]) assert.equal(exitCode, 0, text);
  const options = optionsOf(byClass.resources);
  assert.deepEqual(optionsOf(byProvider.resources), options);

  const deletedWith = 'urn:pulumi:dev::fleet::nixos:index:SigningKey::server';
  const everywhere = { deletedWith, provider: 'explicit' };
  const kept = { ...everywhere, protect: true, retainOnDelete: true };
  assert.deepEqual(options['Secret::web-key'], kept);
  // What is built on this computer may always be replaced and removed.
  assert.deepEqual(options['Kernel::linux'], everywhere);
  assert.deepEqual(options['System::web'], { ...everywhere, dependencies: ['Kernel::linux'] });
  assert.deepEqual(options['Fleet::fleet']?.dependencies, ['SigningKey::rule']);
  const hook = { BeforeCreate: ['hooked'] };
  const hosts = Object.keys(options).filter((name) => options[name]?.resourceHooks);
  assert.deepEqual(hosts.sort(), ['Deployment::db', 'Deployment::web']);
  assert.deepEqual(options['Deployment::web']?.resourceHooks, hook);

  for (const { text, resources } of [byClass, byProvider]) {
    assert.match(
      text,
      /Fleet fleet: Pulumi ignores ignoreChanges, replaceOnChanges, customTimeouts of components/,
    );
    const { owner, group } = resources['Secret::web-key']?.state.inputs ?? {};
    assert.deepEqual({ owner, group }, { owner: 'owner-met', group: 'group-met' });
  }
});

test('what Pulumi ignores of a component reaches a resource below by a transform', () => {
  const { resources } = byProvider;
  const { 'Deployment::web': web, 'Deployment::db': db } = optionsOf(resources);
  const { ignoreChanges, replaceOnChanges, additionalSecretOutputs, customTimeouts } = web ?? {};
  assert.deepEqual(ignoreChanges, ['healthChecks']);
  assert.deepEqual(replaceOnChanges, ['connection.address']);
  assert.deepEqual(additionalSecretOutputs, ['live']);
  assert.deepEqual(customTimeouts, { update: 1200 });
  assert.deepEqual([web?.protect, db?.protect], [true, undefined]);
});

test('a signing key keeps the additionalSecretOutputs that it is given', () => {
  const names = ['secretKey', 'nextSecretKey', 'publicKey'];
  assert.deepEqual(byClass.resources['SigningKey::rule']?.state.additionalSecretOutputs, names);
});

const hostUrn = (type: string) =>
  `urn:pulumi:dev::fleet::nixos-fleet:index:Fleet$nixos-fleet:index:Host$${type}`;

/** Puts secrets of db into the state, as a deployment would have: one of them would be deleted with `server`. */
async function recordSecrets(): Promise<void> {
  const { stdout } = await project.pulumi('stack', 'export');
  const state = JSON.parse(stdout);
  const { resources } = state.deployment;
  const provider = resources.find(({ type }: { type: string }) => type === 'nixos:index:System').provider;
  const inputs = {
    host: 'db',
    connection: { address: '127.0.0.1', port: 1, user: 'root' },
    ...{ value: 'hush-hush', owner: 'root', group: 'root', mode: '0400', encoding: 'text', restartUnits: [] },
  };
  const parent = hostUrn('x').replace('$x', '::db');
  const server = 'urn:pulumi:dev::fleet::nixos:index:SigningKey::server';
  for (const [name, options] of Object.entries({
    'db-kept': { protect: true, retainOnDelete: true },
    'db-gone': { protect: true, deletedWith: server },
  })) {
    const outputs = {
      ...inputs,
      path: `/run/keys/${name}`.replace('db-', ''),
      content: 'in-place',
      restartDue: false,
    };
    const urn = hostUrn(`nixos:index:Secret::${name}`);
    const its = { ...inputs, path: `/run/keys/${name}`.replace('db-', '') };
    resources.push({
      urn,
      custom: true,
      id: `0/${name}`,
      type: 'nixos:index:Secret',
      parent,
      provider,
      inputs: its,
      outputs,
      ...options,
    });
  }
  project.write('state.json', JSON.stringify(state));
  await succeeds('stack', 'import', '--file', 'state.json');
}

const roots = join(project.folder, 'state/nixos-fleet/gcroots');

test('a hook of a fleet runs for each deployment, and a fleet waits for what it depends on', async () => {
  declare({ withWaiting: true, withServer: true, options: { protect: true } });
  const { exitCode, text } = await project.pulumi('up', '--yes', '--skip-preview', '--continue-on-error');
  assert.notEqual(exitCode, 0, text);
  // Nothing listens at the machines' address.
  for (const name of ['web', 'db', 'first']) assert.match(text, new RegExp(`${name}: .*\\[unreachable\\]`));
  const hooked = readFileSync(join(project.folder, 'hooked'), 'utf8');
  assert.deepEqual(hooked.trim().split('\n').map(short).sort(), ['Deployment::db', 'Deployment::web']);
  const recorded = (await project.recorded()).map(({ urn }) => short(urn)).sort();
  assert.deepEqual(recorded, ['Kernel::linux', 'SigningKey::server', 'System::db', 'System::web']);
  await recordSecrets();
});

const secrets = { db: ['kept', 'gone'] };

test('a protected fleet under a new name, by another language, gets new systems and another kernel', async () => {
  edit('linux-6.18.1', 'linux-zen-6.18.1');
  const options = { protect: true, aliases: [{ name: 'fleet' }] };
  declare({ by: 'provider', name: 'renamed', options, secrets, pinned: ['db'], withServer: true });
  const { exitCode, text, resources } = await previewed();
  assert.equal(exitCode, 0, text);
  const ops = Object.fromEntries(Object.entries(resources).map(([name, { op }]) => [name, op]));
  // Nothing else is other than recorded.
  assert.deepEqual(ops, {
    'Stack::fleet-dev': 'same',
    'Kernel::linux': 'delete',
    'Kernel::linux-zen': 'create',
    'System::web': 'update',
    'Deployment::web': 'create',
    'Deployment::db': 'create',
  });
  // The system of one machine stays, and its deployment records nothing about the new one.
  assert.match(text, /db: the evaluated system is not built by this update, so an earlier one is deployed/);
  const { system, facts, drvPath } = resources['Deployment::db']?.state.inputs ?? {};
  const stays = byClass.resources['System::db']?.state.inputs.outPath;
  assert.deepEqual({ system, facts, drvPath }, { system: stays, facts: undefined, drvPath: undefined });
});

test('a protected fleet keeps the secrets of a machine that its program drops', async () => {
  declare({ options: { protect: true }, hosts: ['web'], withServer: true });
  const { exitCode, text } = await previewed();
  assert.notEqual(exitCode, 0, text);
  assert.match(text, /Secret::db-kept" cannot be deleted(.|\n)*protect/);
  assert.doesNotMatch(text, /System::db" cannot be deleted/);
});

test('a retained secret stays, one is not deleted apart from its server, and roots of this computer go', async () => {
  assert.deepEqual(readdirSync(roots).length, 3);
  await succeeds('state', 'unprotect', '--all', '--yes');
  declare({ hosts: [] });
  // The machine of the secrets is not reached.
  await succeeds('up', '--yes', '--skip-preview');
  assert.deepEqual(await project.recorded(), []);
  assert.deepEqual(readdirSync(roots), []);
});

test('a component registers its outputs', async () => {
  const { deployment } = JSON.parse((await project.pulumi('stack', 'export')).stdout);
  const fleet = deployment.resources.find(({ urn }: { urn: string }) => short(urn) === 'Fleet::fleet');
  assert.deepEqual(fleet.outputs, { machines: {}, history: {} });
});
