import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sshArgs, sshOptions } from '../../../../../lib/machine/ssh/arguments.ts';
import { nixStoreFor } from '../../../../../lib/machine/ssh/nix-store.ts';
import type { Connection } from '../../../../../schema/connection.ts';

const folder = mkdtempSync(join(tmpdir(), 'ssh test '));
after(() => rmSync(folder, { recursive: true }));
const base: Connection = { address: '192.0.2.7', user: 'root', port: 22, connectTimeoutSeconds: 15 };
const option = (connection: Connection, name: string, fresh = false) =>
  sshOptions(connection, { fresh })
    .find((argument) => argument.startsWith(`${name}=`))
    ?.slice(name.length + 1);

test('the host key is always checked', () => {
  for (const connection of [base, { ...base, hostKey: 'ssh-ed25519 AAAA comment' }]) {
    assert.equal(option(connection, 'StrictHostKeyChecking'), 'yes');
    assert.equal(option(connection, 'StrictHostKeyChecking', true), 'yes');
    assert.equal(option(connection, 'BatchMode'), 'yes');
  }
});

test('a configured host key is the only one accepted', () => {
  const connection = { ...base, hostKey: 'ssh-ed25519 AAAAC3Nz web\n' };
  const file = option(connection, 'UserKnownHostsFile') ?? '';
  assert.equal(readFileSync(file, 'utf8'), '192.0.2.7 ssh-ed25519 AAAAC3Nz\n');
  assert.equal(option(connection, 'GlobalKnownHostsFile'), '/dev/null');
  assert.equal(option(connection, 'HostKeyAlias'), '192.0.2.7');
  assert.equal(option(base, 'UserKnownHostsFile'), undefined);
});

test('the agent is forwarded only with forwardAgent', () => {
  const values = (connection: Connection) =>
    sshOptions(connection).filter((argument) => argument.startsWith('ForwardAgent='));
  assert.deepEqual(values(base), ['ForwardAgent=no']);
  assert.deepEqual(values({ ...base, user: 'ops', forwardAgent: true }), ['ForwardAgent=yes']);
});

test('connections that differ in host key or login share no socket', () => {
  const sockets = [
    base,
    { ...base, hostKey: 'ssh-ed25519 AAAA' },
    { ...base, hostKey: 'ssh-ed25519 BBBB' },
    { ...base, identityFile: '/k' },
    { ...base, user: 'admin' },
    { ...base, port: 23 },
    { ...base, forwardAgent: true },
  ].map((connection) => option(connection, 'ControlPath'));
  assert.equal(new Set(sockets).size, sockets.length);
  for (const socket of sockets) assert.ok((socket?.length ?? 0) + 17 <= 104, socket);
});

test('a key’s comment and the connect timeout do not change the socket', () => {
  const one = option({ ...base, hostKey: 'ssh-ed25519 AAAA a' }, 'ControlPath');
  const two = option({ ...base, hostKey: 'ssh-ed25519 AAAA b', connectTimeoutSeconds: 3 }, 'ControlPath');
  assert.equal(one, two);
});

test('a fresh connection shares no socket', () => {
  assert.equal(option(base, 'ControlPath', true), 'none');
  assert.equal(option(base, 'ControlMaster', true), 'no');
});

test('the address cannot be taken for an option', () => {
  assert.deepEqual(sshArgs(base).slice(-6), ['-p', '22', '-l', 'root', '--', '192.0.2.7']);
});

test('no argument has white space, since NIX_SSHOPTS is split there', () => {
  const identityFile = join(folder, 'my key');
  writeFileSync(identityFile, '');
  const connection = { ...base, identityFile, hostKey: 'ssh-ed25519 AAAA my machine' };
  const link = option(connection, 'IdentityFile') ?? '';
  assert.equal(readlinkSync(link), identityFile);
  rmSync(link);
  const { NIX_SSHOPTS } = nixStoreFor(connection).env;
  assert.deepEqual(NIX_SSHOPTS.split(/\s+/), [...sshOptions(connection, { nix: true }), '-p', '22']);
});

test('a store URI has user and address, with brackets around IPv6, and one connection (fault 28)', () => {
  assert.equal(nixStoreFor(base).uri, 'ssh-ng://root@192.0.2.7?max-connections=1');
  assert.equal(
    nixStoreFor({ ...base, address: '2001:db8::7' }).uri,
    'ssh-ng://root@[2001:db8::7]?max-connections=1',
  );
});

test('the store URI of a user other than root has its become command', () => {
  const admin = { ...base, user: 'admin' };
  assert.equal(
    nixStoreFor(admin).uri,
    'ssh-ng://admin@192.0.2.7?max-connections=1&remote-program=sudo%20-n%20--%20nix-daemon',
  );
  const { uri } = nixStoreFor({ ...admin, become: 'run0' });
  assert.equal(
    uri,
    'ssh-ng://admin@192.0.2.7?max-connections=1&remote-program=run0%20--no-ask-password%20--%20nix-daemon',
  );
});
