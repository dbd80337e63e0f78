import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootstrapConnection, regularConnection } from '../../../../../lib/machine/ssh/bootstrap.ts';
import type { Connection } from '../../../../../schema/connection.ts';

const connection: Connection = {
  address: 'web',
  user: 'ops',
  becomePassword: 'hunter2',
  bootstrapUser: 'install',
  hostKey: 'ssh-ed25519 AAAA',
  connectTimeoutSeconds: 5,
};

test('the bootstrap user’s connection has no becomePassword and no agent forwarding', () => {
  const { address, hostKey, connectTimeoutSeconds } = connection;
  assert.deepEqual(bootstrapConnection(connection), {
    address,
    hostKey,
    connectTimeoutSeconds,
    user: 'install',
  });
  assert.equal(bootstrapConnection(regularConnection(connection)), undefined);
});

test('the regular user’s connection lacks only bootstrapUser', () => {
  const { bootstrapUser: _, ...rest } = connection;
  assert.deepEqual(regularConnection(connection), rest);
});
