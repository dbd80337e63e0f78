import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { Host } from '../../../components/host.ts';
import { someFacts } from '../../fixtures/facts.ts';

interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}
const registered: Registered[] = [];

before(async () => {
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      registered.push({ type: type.replace('nixos:index:', ''), name, inputs });
      return { id: `${name}-id`, state: inputs };
    },
    call: () => ({}),
  });
});

test('secrets come before the deployment or after it, one file each', async () => {
  const host = new Host('web', {
    evaluated: { drvPath: '/nix/store/web.drv', outPath: '/nix/store/web', facts: someFacts() },
    connection: { address: 'web' },
    machineId: 'm',
    secrets: {
      late: { value: 'late one', when: 'after', path: '/var/lib/late', owner: 'app' },
      early: { value: 'early one' },
    },
  });
  await new Promise<void>((resolve) => {
    const poll = () => (registered.some(({ name }) => name === 'web-late') ? resolve() : setImmediate(poll));
    host.deployment.urn.apply(poll);
  });
  const order = registered.filter(({ type }) => ['Secret', 'Deployment'].includes(type));
  assert.deepEqual(
    order.map(({ name }) => name),
    ['web-early', 'web', 'web-late'],
  );
  const [early, , late] = order;
  assert.equal(early?.inputs.path, '/run/keys/early');
  assert.equal(early?.inputs.machineId, 'm');
  assert.equal(late?.inputs.path, '/var/lib/late');
  assert.equal(late?.inputs.owner, 'app');
  assert.deepEqual([early?.inputs.when, late?.inputs.when], ['before', 'after']);
});

test('groupSecrets: one resource before the deployment and one after it', async () => {
  const host = new Host('db', {
    evaluated: { drvPath: '/nix/store/db.drv', outPath: '/nix/store/db', facts: someFacts() },
    connection: { address: 'db' },
    groupSecrets: true,
    secrets: {
      late: { value: 'late one', when: 'after', path: '/var/lib/late', owner: 'app' },
      early: { value: 'early one' },
      second: { value: 'second one' },
    },
  });
  await new Promise<void>((resolve) => {
    const poll = () => (registered.some(({ name }) => name === 'db-after') ? resolve() : setImmediate(poll));
    host.deployment.urn.apply(poll);
  });
  const order = registered.filter(
    ({ type, name }) => ['Secret', 'Secrets', 'Deployment'].includes(type) && name.startsWith('db'),
  );
  assert.deepEqual(
    order.map(({ type, name }) => `${type} ${name}`),
    ['Secrets db', 'Deployment db', 'Secrets db-after'],
  );
  const [before, , after] = order;
  assert.deepEqual(before?.inputs.files, {
    early: { path: '/run/keys/early' },
    second: { path: '/run/keys/second' },
  });
  // The mock has one mark for all of them.
  const marked = before?.inputs.values as { value: Record<string, string> } | undefined;
  assert.deepEqual(marked?.value, { early: 'early one', second: 'second one' });
  assert.deepEqual(after?.inputs.files, { late: { path: '/var/lib/late', owner: 'app' } });
  assert.deepEqual([before?.inputs.when, after?.inputs.when], ['before', 'after']);
});
