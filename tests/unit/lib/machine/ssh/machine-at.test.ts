import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machineAt, machineOf } from '../../../../../lib/machine/ssh/machine-at.ts';
import type { Connection } from '../../../../../schema/connection.ts';

const connection: Connection = { address: '192.0.2.7', user: 'root', port: 22, connectTimeoutSeconds: 5 };
const machine = machineAt('web', connection);
const installed = machineOf({
  host: 'web',
  connection: { ...connection, user: 'admin', bootstrapUser: 'install' },
});

test('a machine can be logged in to as its bootstrap user and as its regular user', () => {
  assert.equal(machine.asBootstrapUser(), undefined);
  const bootstrap = installed.asBootstrapUser();
  assert.deepEqual([bootstrap?.name, bootstrap?.connection.user], ['web', 'install']);
  const regular = installed.asRegularUser();
  assert.deepEqual([regular.name, regular.connection.user], ['web', 'admin']);
  assert.equal(regular.asBootstrapUser(), undefined);
});

test('the store is that of the connection, or this computer’s for a local machine', () => {
  assert.equal(machine.store().uri, 'ssh-ng://root@192.0.2.7?max-connections=1');
  const local = machineAt('here', { ...connection, port: undefined, local: true });
  assert.equal(local.store().uri, 'auto');
});
