import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootstrapConnection, lastingConnection } from '../../../../../lib/machine/ssh/bootstrap.ts';
import type { Connection } from '../../../../../schema/connection.ts';

const connection: Connection = {
  address: 'web',
  user: 'ops',
  becomePassword: 'hunter2',
  bootstrapUser: 'install',
  hostKey: 'ssh-ed25519 AAAA',
  connectTimeoutSeconds: 5,
};

test('the user of the installation comes the same way, without what proves another’s rights', () => {
  const { address, hostKey, connectTimeoutSeconds } = connection;
  assert.deepEqual(bootstrapConnection(connection), {
    address,
    hostKey,
    connectTimeoutSeconds,
    user: 'install',
  });
  assert.equal(bootstrapConnection(lastingConnection(connection)), undefined);
});

test('who is to stay has all but the other’s name', () => {
  const { bootstrapUser: _, ...rest } = connection;
  assert.deepEqual(lastingConnection(connection), rest);
});
