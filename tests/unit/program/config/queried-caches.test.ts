import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveResult } from '../../../../lib/machine/check-live.ts';
import { machineAt } from '../../../../lib/machine/ssh/machine-at.ts';
import { changedHosts, queriedCaches } from '../../../../program/config/queried-caches.ts';
import { connection } from '../../../../schema/connection.ts';
import type { FleetEvaluation } from '../../../../schema/evaluation.ts';

const evaluated = (name: string) => ({
  ok: true,
  drvPath: `/nix/store/${name}.drv`,
  outPath: `/nix/store/${name}`,
});

test('hosts that change are those whose new system is not live, or that could not be read', () => {
  const evaluation = {
    hosts: {
      web: evaluated('web'),
      db: evaluated('db'),
      off: evaluated('off'),
      broken: { ok: false, error: new Error('no') },
    },
  } as unknown as FleetEvaluation;
  const live = {
    web: { reading: { system: '/nix/store/web' } },
    db: { reading: { system: '/nix/store/old' } },
    off: { problem: 'no answer' },
  } as unknown as Record<string, LiveResult>;
  const machines = { db: machineAt('db', connection.parse({ address: 'db' })) };
  assert.deepEqual(changedHosts({ evaluation, live, machines, hosts: { off: { delivery: 'copy' } } }), {
    db: {
      drvPath: '/nix/store/db.drv',
      outPath: '/nix/store/db',
      delivery: 'auto',
      machine: machines.db,
    },
    off: {
      drvPath: '/nix/store/off.drv',
      outPath: '/nix/store/off',
      delivery: 'copy',
      machine: undefined,
    },
  });
});

test('a cache is queried at its store; a machine’s over ssh, once the machine exists', () => {
  const caches = {
    main: { key: 'main-1', store: 's3://fleet', url: 'https://cache' },
    vendor: { url: 'https://vendor', publicKeys: ['v:k'] },
    lan: { key: 'lan-1', host: 'web' },
    later: { key: 'lan-1', host: 'unmade' },
    proxy: { host: 'web', pullThrough: true },
    other: { url: 'http://proxy:80', pullThrough: true },
  };
  const queried = queriedCaches(caches, {
    web: machineAt('web', connection.parse({ address: '192.0.2.7' })),
  });
  assert.deepEqual(queried.main, { filled: true, store: { uri: 's3://fleet' } });
  assert.deepEqual(queried.vendor, { filled: false, store: { uri: 'https://vendor' } });
  assert.equal(queried.lan?.store.uri, 'ssh-ng://root@192.0.2.7?max-connections=1');
  assert.match(queried.lan?.store.sshOpts ?? '', /StrictHostKeyChecking=yes/);
  assert.ok(!('later' in queried));
  // A machine that fetches from other caches is queried as the machines do.
  assert.deepEqual(queried.proxy, { filled: false, store: { uri: 'http://192.0.2.7:8501' } });
  assert.deepEqual(queried.other, { filled: false, store: { uri: 'http://proxy:80' } });
});
