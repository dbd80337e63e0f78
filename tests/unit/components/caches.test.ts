import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { declareCaches } from '../../../components/caches.ts';
import { Host } from '../../../components/host.ts';
import { someFacts } from '../../fixtures/facts.ts';

interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}
let registered: Registered[] = [];
let revoked: string[] = [];
const keys = ['main-1:old', 'main-2:new'];

beforeEach(() => {
  registered = [];
  revoked = [];
});

before(async () => {
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      registered.push({ type, name, inputs });
      const made: Record<string, object> = {
        'nixos:index:SigningKey': {
          publicKey: keys[1],
          secretKey: 'main-2:secret',
          trustedKeys: [keys[1]],
          revokedKeys: revoked,
        },
        // It could not be signed anew yet.
        'nixos:index:CacheStore': { signedBy: keys[0] },
        'nixos:index:Deployment': { live: { generation: 1 } },
      };
      return { id: `${name}-id`, state: { ...inputs, ...made[type] } };
    },
    call: () => ({}),
  });
});

const connections = {
  web: { address: 'web', hostKey: 'ssh-ed25519 AAAAweb comment' },
  db: { address: 'db', hostKey: 'ssh-ed25519 AAAAdb' },
};
const system = (name: string) => ({
  drvPath: `/nix/store/${name}.drv`,
  outPath: `/nix/store/${name}`,
  facts: someFacts(),
});
const inputsOf = (type: string, name: string) =>
  registered.find((resource) => resource.type === `nixos:index:${type}` && resource.name === name)?.inputs;

async function deploy(
  caches: Parameters<typeof declareCaches>[0],
  settings: { delivery?: 'copy' } = {},
): Promise<void> {
  const declared = declareCaches(caches, connections);
  const hosts = Object.entries(connections).map(
    ([name, connection]) =>
      new Host(name, { evaluated: system(name), connection, caches: declared, ...settings }),
  );
  await Promise.all(hosts.map((host) => new Promise((done) => host.live.apply(done))));
  await new Promise((done) => setImmediate(done));
}

test('each machine’s system is signed and pushed, and the caches are configured on the machines with delivery auto', async () => {
  await deploy({ main: { key: 'main-2', store: 's3://fleet' } });
  assert.deepEqual(Object.keys(inputsOf('SigningKey', 'main')?.consumers ?? {}).sort(), ['db', 'web']);
  const push = inputsOf('CachePush', 'main-web');
  assert.deepEqual([push?.path, push?.store, push?.publicKey], ['/nix/store/web', 's3://fleet', keys[1]]);
  assert.deepEqual(inputsOf('Substituters', 'db')?.caches, {
    // The old key stays trusted until everything is signed by the new one.
    main: { url: 's3://fleet', publicKeys: [keys[1], keys[0]], priority: 30 },
  });
  assert.equal(inputsOf('Deployment', 'db')?.delivery, 'auto');
});

test('a machine that serves its store does not fetch from itself; the others do, if its host key is known', async () => {
  await deploy({ lan: { key: 'main-2', host: 'web', protocol: 'ssh', priority: 10 } });
  assert.deepEqual(Object.keys(inputsOf('SigningKey', 'lan')?.consumers ?? {}), ['db']);
  assert.equal(inputsOf('Substituters', 'web'), undefined);
  const asked = inputsOf('Substituters', 'db')?.caches as { lan: { url: string; priority: number } };
  const url = new URL(asked.lan.url);
  assert.equal(`${url.protocol}//${url.username}@${url.host}`, 'ssh-ng://nix-ssh@web');
  const hostKey = Buffer.from(url.searchParams.get('base64-ssh-public-host-key') ?? '', 'base64');
  assert.equal(hostKey.toString(), 'ssh-ed25519 AAAAweb\n');
  assert.equal(asked.lan.priority, 10);
});

test('a foreign cache is only fetched from', async () => {
  await deploy({ vendor: { url: 'https://vendor', publicKeys: ['vendor-1:k'] } }, { delivery: 'copy' });
  assert.deepEqual(
    registered.filter(({ type }) => /SigningKey|Cache/.test(type)),
    [],
  );
  assert.deepEqual(inputsOf('Substituters', 'web')?.caches, {
    vendor: { url: 'https://vendor', publicKeys: ['vendor-1:k'], priority: 30 },
  });
  assert.equal(inputsOf('Deployment', 'web')?.delivery, 'copy');
});

test('a revoked key is not trusted, whatever the cache reports', async () => {
  revoked = ['main-1:old'];
  await deploy({ main: { key: 'main-2', store: 's3://fleet' } });
  assert.deepEqual(inputsOf('CacheStore', 'main')?.revokedKeys, revoked);
  assert.deepEqual(inputsOf('Substituters', 'db')?.caches, {
    main: { url: 's3://fleet', publicKeys: [keys[1]], priority: 30 },
  });
});

test('a cache with a retention policy or on a machine collects garbage once all machines are deployed', async () => {
  const retention = (caches: Parameters<typeof declareCaches>[0]) => {
    for (const cache of declareCaches(caches, connections)) {
      cache.retain?.({ web: { connection: connections.web, systems: ['/nix/store/web'] } }, {});
    }
    return new Promise((done) => setTimeout(done));
  };
  await retention({
    kept: { key: 'main-2', store: 'file:///srv/cache', keep: { days: 3, graceHours: 24, others: true } },
    all: { key: 'main-2', store: 'file:///srv/all' },
    lan: { key: 'main-2', host: 'web' },
    vendor: { url: 'https://vendor', publicKeys: ['vendor-1:k'] },
  });
  assert.deepEqual(
    registered.filter(({ type }) => type === 'nixos:index:CacheRetention').map(({ name }) => name),
    ['kept', 'lan'],
  );
  const kept = inputsOf('CacheRetention', 'kept');
  assert.deepEqual(
    [kept?.store, kept?.keep],
    ['file:///srv/cache', { days: 3, graceHours: 24, others: true }],
  );
  assert.deepEqual(inputsOf('CacheRetention', 'lan')?.keep, { generations: 1 });
});

test('a pull-through cache is not pushed to, does not fetch from itself, and is queried first', async () => {
  await deploy({
    proxy: { host: 'web', pullThrough: true, priority: 5 },
    vendor: { url: 'https://vendor', publicKeys: ['vendor-1:k'] },
  });
  const vendor = { url: 'https://vendor', publicKeys: ['vendor-1:k'], priority: 30 };
  assert.deepEqual(inputsOf('Substituters', 'web')?.caches, { vendor });
  assert.deepEqual(inputsOf('Substituters', 'db')?.caches, {
    proxy: { url: 'http://web:8501', publicKeys: [], priority: 5 },
    vendor,
  });
  assert.equal(inputsOf('CachePush', 'proxy-web'), undefined);
  assert.equal(inputsOf('SigningKey', 'proxy'), undefined);
});
