import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { Fleet } from '../../../components/fleet.ts';
import type { FleetEvaluation, HostEvaluation } from '../../../schema/evaluation.ts';
import { someFacts, someKernel } from '../../fixtures/facts.ts';

interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

const live = {
  system: '/nix/store/live',
  profileSystem: '/nix/store/live',
  generation: 7,
  booted: '/nix/store/booted',
  kernel: '6.18.37',
  rebootDue: true,
  bootId: 'b',
  machineId: 'm',
  revision: 'abc',
  since: '2026-11-01T00:00:00Z',
};

let registered: Registered[] = [];

beforeEach(() => {
  registered = [];
});

before(async () => {
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      registered.push({ type, name, inputs });
      return { id: `${name}-id`, state: type === 'nixos:index:Deployment' ? { ...inputs, live } : inputs };
    },
    call: () => ({}),
  });
});

const kernel = someKernel();

function evaluated(name: string, kernelPath?: string): HostEvaluation {
  return {
    ok: true,
    drvPath: `/nix/store/${name}.drv`,
    outPath: `/nix/store/${name}`,
    facts: someFacts(),
    warnings: [],
    revision: '',
    ...(kernelPath ? { kernel: kernelPath } : {}),
  };
}

function evaluation(hosts: Record<string, HostEvaluation>): FleetEvaluation {
  return {
    revision: 'abc',
    fingerprint: 'f',
    fromCache: false,
    inputs: {},
    hosts,
    images: {},
    kernels: { [kernel.drvPath]: kernel },
  };
}

const names = (type: string) =>
  registered.filter((resource) => resource.type === type).map(({ name }) => name);

test('each machine gets its built system and its deployment, from the facts', async () => {
  const fleet = new Fleet('fleet', {
    evaluation: evaluation({ web: evaluated('web'), db: evaluated('db') }),
    hosts: {
      web: { connection: { address: '10.0.0.1' } },
      db: { connection: { address: '10.0.0.2', user: 'ops' } },
    },
  });
  await settle(fleet);
  assert.deepEqual(names('nixos:index:System').sort(), ['db', 'web']);
  const db = registered.find(({ type, name }) => type === 'nixos:index:Deployment' && name === 'db');
  assert.deepEqual(db?.inputs.connection, { address: '10.0.0.2', user: 'ops' });
  assert.equal(db?.inputs.system, '/nix/store/db');
  assert.equal(db?.inputs.revision, 'abc');
  assert.deepEqual(JSON.parse(String(db?.inputs.facts)).packages, { jq: '1.7' });
});

test('what the machines run now is registered before anything of a machine', async () => {
  const fleet = new Fleet('fleet', {
    evaluation: evaluation({ web: evaluated('web'), db: evaluated('db') }),
    hosts: { web: { connection: { address: 'web' } }, db: { connection: { address: 'db' } } },
    liveSystems: { web: '/nix/store/a', db: '/nix/store/b' },
  });
  await settle(fleet);
  const [first] = registered.filter(({ type }) => type.startsWith('nixos:'));
  assert.equal(first?.type, 'nixos:index:LiveSystems');
  assert.deepEqual(first?.inputs, { 'web runs': '/nix/store/a', 'db runs': '/nix/store/b' });
});

test('a host that is not selected is registered after all waves, as the state may say that it depends on one', async () => {
  const fleet = new Fleet('fleet', {
    evaluation: evaluation({ web: evaluated('web'), db: evaluated('db') }),
    hosts: {
      web: { connection: { address: 'web' }, isRecorded: true },
      db: { connection: { address: 'db' } },
    },
    rollout: {
      waves: [
        { name: 'first', hosts: ['web'] },
        { name: 'later', hosts: ['db'] },
      ],
    },
  });
  await settle(fleet);
  const order = registered
    .filter(({ type }) => ['nixos:index:Wave', 'nixos:index:Deployment'].includes(type))
    .map(({ name }) => name);
  assert.deepEqual(order, ['first', 'db', 'later', 'web']);
});

test('hosts with the same kernel share one Kernel; containers have none', async () => {
  const fleet = new Fleet('fleet', {
    evaluation: evaluation({
      web: evaluated('web', kernel.drvPath),
      db: evaluated('db', kernel.drvPath),
      box: evaluated('box'),
    }),
    hosts: {
      web: { connection: { address: 'web' } },
      db: { connection: { address: 'db' } },
      box: { connection: { address: 'box' } },
    },
  });
  await settle(fleet);
  assert.deepEqual(names('nixos:index:Kernel'), ['linux']);
});

test('the summary says what is live, and names the services that are enabled', async () => {
  const fleet = new Fleet('fleet', {
    evaluation: evaluation({ web: evaluated('web') }),
    hosts: { web: { description: 'public website', connection: { address: 'web' } } },
  });
  const machines = await settle(fleet);
  assert.deepEqual(machines.web, {
    description: 'public website',
    generation: 7,
    system: '/nix/store/live',
    specialisation: '',
    booted: '/nix/store/booted',
    kernel: '6.18.37',
    rebootDue: true,
    revision: 'abc',
    since: '2026-11-01T00:00:00Z',
    services: ['nginx'],
  });
});

test('a machine that could not be evaluated is left alone, the others go on, and the program fails at its end', async () => {
  const fleet = new Fleet('fleet', {
    evaluation: evaluation({
      web: { ok: false, error: new Error('web: no such option') },
      db: evaluated('db'),
    }),
    hosts: { web: { connection: { address: 'web' } }, db: { connection: { address: 'db' } } },
  });
  const machines = await settle(fleet);
  assert.deepEqual(Object.keys(machines), ['db']);
  assert.deepEqual(names('nixos:index:Deployment'), ['db']);
  await assert.rejects(fleet.completed, (error) => {
    assert.ok(pulumi.RunError.isInstance(error));
    assert.match(String(error), /web: no such option/);
    return true;
  });
});

async function settle(fleet: Fleet): Promise<Record<string, { [key: string]: unknown }>> {
  return await new Promise((resolve) => {
    fleet.machines.apply((machines) => resolve(machines as never));
  });
}

test('a cache is asked to keep what its machines have, once they are deployed', async () => {
  const kept: Record<string, unknown>[] = [];
  const cache = {
    name: 'main',
    url: 'https://cache',
    publicKeys: [],
    retain: (machines: Record<string, unknown>) => void kept.push(machines),
  };
  const hosts = {
    web: { connection: { address: 'web' }, caches: [cache] },
    db: { connection: { address: 'db' }, caches: [] },
  };
  const fleet = new Fleet('fleet', {
    evaluation: evaluation({ web: evaluated('web'), db: evaluated('db') }),
    hosts,
  });
  await fleet.completed;
  const [machines = {}, ...more] = kept;
  assert.deepEqual([Object.keys(machines), more], [['web'], []]);
  const { systems } = machines.web as { systems: pulumi.Output<string[]> };
  const told = await new Promise((done) => systems.apply(done));
  assert.deepEqual(told, ['/nix/store/booted', '/nix/store/live']);
});
