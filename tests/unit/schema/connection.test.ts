import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connection } from '../../../schema/connection.ts';

/** What is wrong with a connection: path and message of each issue. */
function problems(settings: object): string[] {
  const { error } = connection.safeParse(settings);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('an address is needed, but for the operator’s own computer', () => {
  assert.deepEqual(problems({}), ['address: is needed, unless local is true']);
  assert.equal(connection.parse({ local: true }).address, 'localhost');
  assert.equal(connection.parse({ local: true, address: 'laptop' }).address, 'laptop');
  assert.equal(connection.parse({ address: 'web' }).local, undefined);
});

test('what is ssh’s does not go with local', () => {
  const ssh = {
    hostKey: 'ssh-ed25519 AAAA',
    port: 22,
    identityFile: '/k',
    proxyJump: 'gate',
    sshOptions: { Compression: 'yes' },
  };
  const found = problems({ local: true, ...ssh });
  assert.deepEqual(
    found.map((line) => line.split(':', 1)[0]),
    Object.keys(ssh),
  );
  assert.match(found[0] ?? '', /has no effect with local: true/);
});

test('a password is sudo’s alone, one line, and in no message', () => {
  assert.deepEqual(problems({ address: 'web', becomePassword: ' a "b" ' }), []);
  for (const become of ['doas', 'run0']) {
    const [line, ...more] = problems({ address: 'web', become, becomePassword: 'hunter2' });
    assert.match(line ?? '', new RegExp(`^becomePassword: cannot be given to ${become}, .*use sudo`));
    assert.deepEqual(more, []);
  }
  for (const becomePassword of ['', 'hunter2\nx', 'hunter2\0']) {
    const found = problems({ address: 'web', becomePassword });
    assert.match(found.join(), /^becomePassword: must be one line/);
    assert.doesNotMatch(found.join(), /hunter2/);
  }
  assert.match(
    problems({ address: 'web', becomePassword: 1234 }).join(),
    /must be text; in YAML, put it in quotes/,
  );
});

test('jump hosts are names, never options', () => {
  for (const proxyJump of ['gate', 'ops@gate:2200', 'a,b@[2001:db8::1]:22,c'])
    assert.deepEqual(problems({ address: 'web', proxyJump }), [], proxyJump);
  for (const proxyJump of ['', '-oProxyCommand=x', 'a b', 'a,', 'ops@', 'a;b c', 'a/b', 'a:port'])
    assert.match(problems({ address: 'web', proxyJump }).join(), /^proxyJump: must be/, proxyJump);
});

test('the key of a jump host needs exactly one', () => {
  const proxyJumpHostKey = 'ssh-ed25519 AAAA';
  assert.deepEqual(problems({ address: 'web', proxyJump: 'gate', proxyJumpHostKey }), []);
  for (const proxyJump of [undefined, 'a,b'])
    assert.match(
      problems({ address: 'web', proxyJump, proxyJumpHostKey }).join(),
      /^proxyJumpHostKey: needs/,
    );
});

test('options of ssh are taken, but for those that are decided elsewhere', () => {
  const refused = (options: Record<string, unknown>) =>
    problems({ address: 'web', sshOptions: options }).join();
  assert.equal(refused({ Ciphers: 'a,b', ProxyCommand: 'nc %h %p' }), '');
  assert.match(refused({ ForwardAgent: 'yes' }), /is a setting of its own: forwardAgent/);
  for (const keyword of ['userknownhostsfile', 'KnownHostsCommand', 'HostKeyAlias', 'VerifyHostKeyDNS'])
    assert.match(refused({ [keyword]: 'no' }), /how host keys are checked/, keyword);
  for (const keyword of ['BatchMode', 'ControlMaster', 'controlpath', 'RemoteCommand', 'RequestTTY'])
    assert.match(refused({ [keyword]: 'no' }), /is decided by nixos-fleet/, keyword);
  assert.match(
    refused({ StrictHostKeyChecking: 'no' }),
    /decided by nixos-fleet: yes, as an unknown host key/,
  );
  for (const keyword of ['Include', 'Match'])
    assert.match(refused({ [keyword]: 'x' }), /belongs into ssh_config/);
  assert.match(
    refused({ LocalForward: '1 x:2' }),
    /has no effect, as nixos-fleet decides ClearAllForwardings/,
  );
  assert.match(refused({ IdentityFile2: '/k' }), /is a setting of its own: identityFile/);
  assert.match(refused({ Port: '23' }), /is a setting of its own: port/);
  assert.match(refused({ ServerAliveInterval: '9' }), /is a setting of its own: serverAliveSeconds/);
  assert.match(refused({ ProxyJump: 'a' }), /is a setting of its own: proxyJump/);
  assert.match(refused({ 'Compression yes\nHost': 'x' }), /must be a keyword/);
  assert.match(refused({ Compression: 'yes\nStrictHostKeyChecking no' }), /must be one line/);
  assert.match(refused({ Compression: true }), /must be text; in YAML, put it in quotes/);
});

test('a proxy command does not go with a jump host', () => {
  const both = { address: 'web', proxyJump: 'gate', sshOptions: { proxycommand: 'nc %h %p' } };
  assert.match(problems(both).join(), /proxycommand does not go with proxyJump/);
});

test('an agent is lent to sudo alone', () => {
  const lent = (settings: object) =>
    problems({ address: 'web', user: 'ops', forwardAgent: true, ...settings });
  assert.deepEqual(lent({}), []);
  assert.deepEqual(lent({ user: 'root', forwardAgent: false }), []);
  assert.match(lent({ user: 'root' }).join(), /^forwardAgent: has no effect for root/);
  assert.match(lent({ become: 'doas' }).join(), /^forwardAgent: has no effect with doas/);
  assert.match(lent({ becomePassword: 'x' }).join(), /^forwardAgent: takes the place of becomePassword/);
  assert.match(
    problems({ local: true, forwardAgent: true }).join(),
    /^forwardAgent: has no effect with local/,
  );
});

test('the user of the installation is another one than who stays', () => {
  assert.deepEqual(problems({ address: 'web', user: 'ops', bootstrapUser: 'install' }), []);
  assert.deepEqual(problems({ address: 'web', bootstrapUser: 'install' }), []);
  assert.match(
    problems({ address: 'web', bootstrapUser: 'root' }).join(),
    /^bootstrapUser: is root, who is to stay/,
  );
  assert.match(
    problems({ address: 'web', bootstrapUser: 'a b' }).join(),
    /^bootstrapUser: must be a Unix user/,
  );
});

test('users may have names such as john.doe (fault 29)', () => {
  for (const user of ['john.doe', 'JohnDoe', '_svc-1'])
    assert.deepEqual(
      problems({ address: 'web', user, bootstrapUser: `${user}2`, proxyJump: `${user}@gate` }),
      [],
    );
  for (const user of ['', '-l', 'a b', 'a@b', '.x', '1a'])
    assert.match(problems({ address: 'web', user }).join(), /^user: must be a Unix user name/, user);
});

test('an IPv6 address has neither brackets nor a zone, and the message says what to write (fault 24)', () => {
  assert.deepEqual(problems({ address: 'fd10::1' }), []);
  assert.deepEqual(problems({ address: '[fd10::1]' }), ['address: must be without brackets: fd10::1']);
  assert.match(problems({ address: 'fe80::1%eth0' }).join(), /^address: must be without a zone: .*HostName/);
});
