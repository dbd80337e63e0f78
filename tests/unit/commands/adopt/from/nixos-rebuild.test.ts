import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configurations, fromNixosRebuild } from '../../../../../commands/adopt/from/nixos-rebuild.ts';

const system = { hostName: 'web', fqdn: null, ssh: true, ports: [22], installer: false };
const converted = (settings: object, here?: string) =>
  fromNixosRebuild(configurations.parse({ web: { ...system, ...settings } }), here);
const left = (settings: object) => converted(settings).left.map(({ what }) => what);

test('the address is the domain name, else the host name, where these are not the host’s own', () => {
  assert.deepEqual(converted({}).hosts.web, {});
  assert.deepEqual(converted({ hostName: 'www' }).hosts.web, { address: 'www' });
  assert.deepEqual(converted({ fqdn: 'web.example.org' }).hosts.web, { address: 'web.example.org' });
});

test('a port is taken over where there is one', () => {
  assert.deepEqual(converted({ ports: [2222] }).hosts.web, { port: 2222 });
  assert.deepEqual(converted({ ports: [22, 2222] }).hosts.web, {});
});

test('this computer is entered without ssh', () => {
  assert.deepEqual(converted({}, 'web').hosts.web, { local: true });
  assert.deepEqual(converted({}, 'db').hosts.web, {});
});

test('the user of --target-host, a closed sshd and a missing name are named', () => {
  assert.match(left({})[0] ?? '', /the user of --target-host is in no flake/);
  assert.match(left({ ssh: false })[0] ?? '', /openssh is off/);
  assert.match(left({ hostName: '' })[0] ?? '', /hostName is empty/);
});

test('an installer is no machine to deploy to', () => {
  assert.deepEqual(converted({ installer: true }).hosts, {});
  assert.match(left({ installer: true })[0] ?? '', /image of an installer/);
});
