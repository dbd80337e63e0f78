import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sshOptions } from '../../../../../lib/machine/ssh/arguments.ts';
import type { Connection } from '../../../../../schema/connection.ts';

const base: Connection = { address: '192.0.2.7', user: 'root', connectTimeoutSeconds: 15 };
const jumpKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

test('without jump hosts and options there is no config file, and ssh reads the user’s own', () => {
  assert.ok(!sshOptions(base).includes('-F'));
});

test('connections that differ in jump host or options share no socket', () => {
  const socket = (connection: Connection) =>
    sshOptions(connection).find((argument) => argument.startsWith('ControlPath='));
  const connections = [
    base,
    { ...base, proxyJump: 'a' },
    { ...base, proxyJump: 'a', proxyJumpHostKey: jumpKey },
    { ...base, sshOptions: { BindAddress: '192.0.2.1' } },
  ];
  assert.equal(new Set(connections.map(socket)).size, connections.length);
});
