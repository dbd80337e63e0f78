import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprint } from '../../../../../lib/base/host-key.ts';
import { explainSshFailure } from '../../../../../lib/machine/ssh/explain.ts';
import type { Connection } from '../../../../../schema/connection.ts';

const connection: Connection = { address: 'web.example', user: 'root', port: 2222, connectTimeoutSeconds: 5 };
// 32 zero bytes.
const hostKey = `ssh-ed25519 ${Buffer.concat([Buffer.from('0000000b7373682d6564323535313900000020', 'hex'), Buffer.alloc(32)]).toString('base64')}`;

const cases: [string, string, string, RegExp][] = [
  [
    'refused',
    'unreachable',
    'ssh: connect to host web.example port 2222: Connection refused',
    /nothing listens on port 2222/,
  ],
  [
    'unknown name',
    'unreachable',
    'ssh: Could not resolve hostname web.example: Name or service not known',
    /Check the name/,
  ],
  [
    'no route',
    'unreachable',
    'ssh: connect to host web.example port 2222: No route to host',
    /ssh -p 2222 root@web.example true/,
  ],
  ['no message', 'unreachable', '', /machine is on/],
  ['login', 'access-denied', 'root@web.example: Permission denied (publickey,password).', /identityFile/],
  [
    'unknown key',
    'host-key',
    'No ED25519 host key is known for web.example and you have requested strict checking.\nHost key verification failed.',
    /ssh-keyscan -t ed25519 -p 2222 web.example/,
  ],
];

for (const [name, code, stderr, fix] of cases) {
  test(`${name}: ${code}`, () => {
    const error = explainSshFailure({ name: 'web', connection }, `${stderr}\r\n`);
    assert.equal(error.code, code);
    assert.equal(error.host, 'web');
    assert.match(error.fix ?? '', fix);
    assert.ok(error.why);
  });
}

test('a changed host key: both fingerprints are reported', () => {
  const stderr = `@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
The fingerprint for the ED25519 key sent by the remote host is
SHA256:gMo3AqCIp9WFVHZFvnLO5KjasCexlVeWdrySDL1c3RM.
Host key verification failed.`;
  const error = explainSshFailure({ name: 'web', connection: { ...connection, hostKey } }, stderr);
  assert.equal(error.code, 'host-key');
  assert.match(error.why ?? '', /offered {2}SHA256:gMo3AqCIp9WFVHZFvnLO5KjasCexlVeWdrySDL1c3RM$/m);
  assert.ok(error.why?.includes(`expected ${fingerprint(hostKey)}`));
});

test('without a configured port, no message names one', () => {
  const error = explainSshFailure(
    { name: 'web', connection: { address: 'web', user: 'root', connectTimeoutSeconds: 5 } },
    'ssh: connect to host web port 22: No route to host',
  );
  assert.doesNotMatch(error.message, /undefined/);
  assert.match(error.message, /ssh root@web true/);
});

const jumping = { ...connection, proxyJump: 'ops@gate.example:2200,inner' };

test('a wrong host key of a jump host is attributed to the jump host', () => {
  const unknown =
    'No ED25519 host key is known for [gate.example]:2200 and you have requested strict checking.';
  const changed = 'Host key for inner has changed and you have requested strict checking.';
  for (const [line, name] of [
    [unknown, /jump host \[gate\.example\]:2200/],
    [changed, /jump host inner/],
  ] as const) {
    const stderr = `${line}\nHost key verification failed.\nConnection closed by UNKNOWN port 65535`;
    const error = explainSshFailure({ name: 'web', connection: jumping }, stderr);
    assert.equal(error.code, 'host-key');
    assert.match(error.message, name);
    assert.match(error.fix ?? '', /proxyJumpHostKey/);
  }
});

test('a login refused by a jump host is attributed to the jump host', () => {
  const stderr =
    'ops@gate.example: Permission denied (publickey).\nConnection closed by UNKNOWN port 65535\n';
  const error = explainSshFailure({ name: 'web', connection: jumping }, stderr);
  assert.equal(error.code, 'access-denied');
  assert.match(error.message, /jump host gate\.example/);
});

test('an option that ssh does not know is a config error', () => {
  const stderr = '/run/user/1000/nixos-fleet/f-0123 line 1: Bad configuration option: compresion\r\n';
  assert.equal(explainSshFailure({ name: 'web', connection }, stderr).code, 'config-invalid');
});

test('ssh refuses a user id without an account: the fix is one for this computer (fault 27)', () => {
  const error = explainSshFailure({ name: 'web', connection }, 'No user exists for uid 54321\r\n');
  assert.equal(error.code, 'config-invalid');
  assert.match(error.fix ?? '', /\/etc\/passwd/);
});

test('a lab or virtual machine that does not answer: up --refresh starts it again (fault 58)', () => {
  const fixOf = (identityFile: string) =>
    explainSshFailure({ name: 'web', connection: { ...connection, identityFile } }, 'No route to host').fix;
  for (const kind of ['lab/dev', 'vm/dev/web']) {
    assert.match(fixOf(`/home/ann/.local/state/nixos-fleet/${kind}/identity`) ?? '', /pulumi up --refresh/);
  }
  assert.doesNotMatch(fixOf('/home/ann/.ssh/id_ed25519') ?? '', /--refresh/);
});
