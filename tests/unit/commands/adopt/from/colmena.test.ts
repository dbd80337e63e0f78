import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromColmena, hive } from '../../../../../commands/adopt/from/colmena.ts';

/** What colmena gives a node that sets nothing. */
const defaults = (name: string) => ({
  targetHost: name as string | null,
  targetPort: null,
  targetUser: 'root' as string | null,
  allowLocalDeployment: false,
  buildOnTarget: false,
  tags: [],
  replaceUnknownProfiles: true,
  privilegeEscalationCommand: ['sudo', '-H', '--'],
  sshOptions: [],
  keys: {},
});
const key = {
  text: null,
  keyFile: null,
  keyCommand: null,
  path: '/run/keys/token',
  user: 'root',
  group: 'root',
  permissions: '0600',
  uploadAt: 'pre-activation',
};
const inStore = (path: string) => (path.startsWith('/nix/store/') ? undefined : path);

const converted = (settings: object, { name = 'web', ...rest }: { name?: string; output?: string } = {}) =>
  fromColmena(
    hive.parse({
      nodes: { [name]: { ...defaults(name), ...settings } },
      machinesFile: null,
      output: 'colmenaHive',
      configurations: [name],
      ...rest,
    }),
    inStore,
  );
const left = (settings: object) => converted(settings).left.map(({ what }) => what);

test('a node with colmena’s defaults needs no setting', () => {
  assert.deepEqual(converted({}), { hosts: { web: {} }, values: [], left: [] });
});

test('how a node is entered is taken over', () => {
  const { hosts } = converted({
    targetHost: '192.0.2.7',
    targetPort: 2222,
    targetUser: 'deploy',
    privilegeEscalationCommand: ['/run/wrappers/bin/doas', '--'],
    tags: ['eu', 'front'],
    replaceUnknownProfiles: false,
    sshOptions: [
      '-J',
      'ops@gate',
      '-oServerAliveInterval=30',
      '-o',
      'Ciphers aes256-gcm@openssh.com',
      '-i',
      '/k',
    ],
  });
  assert.deepEqual(hosts.web, {
    address: '192.0.2.7',
    port: 2222,
    user: 'deploy',
    become: 'doas',
    proxyJump: 'ops@gate',
    serverAliveSeconds: 30,
    sshOptions: { Ciphers: 'aes256-gcm@openssh.com' },
    identityFile: '/k',
    tags: ['eu', 'front'],
    onDrift: 'fail',
  });
});

test('what the config cannot say is left out, with the reason', () => {
  assert.match(left({ targetHost: null })[0] ?? '', /targetHost is null: set an address/);
  assert.match(left({ targetUser: null })[0] ?? '', /targetUser is null: set user/);
  assert.match(left({ buildOnTarget: true })[0] ?? '', /buildOnTarget: .*builders/);
  assert.match(left({ allowLocalDeployment: true })[0] ?? '', /allowLocalDeployment/);
  const escalation = { targetUser: 'deploy', privilegeEscalationCommand: ['pkexec'] };
  assert.match(left(escalation)[0] ?? '', /privilegeEscalationCommand pkexec/);
  assert.match(
    left({ sshOptions: ['-o', 'StrictHostKeyChecking=no'] })[0] ?? '',
    /host keys are always checked/,
  );
  assert.match(left({ sshOptions: ['-F', '/x'] })[0] ?? '', /-F: put it into/);
  assert.match(
    left({ sshOptions: ['-o', 'ControlPath=none'] })[0] ?? '',
    /sshOptions .*: is decided by nixos-fleet/,
  );
  assert.match(left({ tags: ['a b'] })[0] ?? '', /^tags \["a b"\]: must be of letters/);
});

test('keys become secrets, of each kind that colmena has', () => {
  const {
    hosts,
    values,
    left: reasons,
  } = converted({
    keys: {
      token: { ...key, text: 'hunter2', permissions: '400' },
      cert: { ...key, path: '/var/lib/cert', keyFile: '/home/me/cert', user: 'nginx', group: 'nginx' },
      late: { ...key, path: '/run/keys/late', keyCommand: ['pass', 'late'], uploadAt: 'post-activation' },
      stored: { ...key, keyFile: '/nix/store/x-source/key' },
      empty: { ...key, text: '' },
    },
  });
  assert.deepEqual(hosts.web?.secrets, {
    token: { value: 'hunter2', mode: '0400' },
    cert: { file: '/home/me/cert', path: '/var/lib/cert', owner: 'nginx', group: 'nginx', mode: '0600' },
    late: { command: ['pass', 'late'], mode: '0600', when: 'after' },
  });
  assert.deepEqual(values, [{ path: ['web', 'secrets', 'token', 'value'], value: 'hunter2' }]);
  assert.equal(reasons.length, 2);
  assert.match(reasons[0]?.what ?? '', /stored\.keyFile .* is in the Nix store/);
});

test('a hive without nixosConfigurations says what to add', () => {
  const missing = (output: string) => {
    const rest = { output, configurations: [] };
    return fromColmena(hive.parse({ nodes: { web: defaults('web') }, machinesFile: '/m', ...rest }), inStore)
      .left;
  };
  assert.match(
    missing('colmenaHive')[0]?.what ?? '',
    /lacks web: .*nixosConfigurations = self\.colmenaHive\.nodes;/,
  );
  assert.match(missing('colmena')[0]?.what ?? '', /makeHive self\.colmena/);
  assert.match(missing('colmena')[1]?.what ?? '', /machinesFile \/m: .*builders/);
});

test('a node whose name is no host’s is left out as a whole', () => {
  const { hosts, left: reasons } = converted({}, { name: 'a b' });
  assert.deepEqual(hosts, {});
  assert.match(reasons[0]?.what ?? '', /^the whole host: its name must be of letters/);
});
