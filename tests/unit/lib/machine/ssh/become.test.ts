import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becomePrefix, rootCommand } from '../../../../../lib/machine/ssh/become.ts';
import type { Connection } from '../../../../../schema/connection.ts';

const admin: Connection = { address: '192.0.2.7', user: 'admin', connectTimeoutSeconds: 5 };
const password = `a b\\n"$(id)'\t\\ ü`;
const withPassword: Connection = { ...admin, becomePassword: password };

test('root needs no escalation', () => {
  const root = { ...withPassword, user: 'root' };
  assert.deepEqual(rootCommand(root, ['sh', '-s']), { command: 'exec sh -s', preamble: '' });
  assert.deepEqual(becomePrefix(root), []);
});

test('sudo, doas and run0 run without a prompt', () => {
  const words = (become?: Connection['become']) => becomePrefix({ ...admin, become }).join(' ');
  assert.equal(words(), 'sudo -n --');
  assert.equal(words('sudo'), 'sudo -n --');
  assert.equal(words('doas'), 'doas -n --');
  assert.equal(words('run0'), 'run0 --no-ask-password --');
  for (const become of ['doas', 'run0'] as const)
    assert.match(
      rootCommand({ ...admin, become }, ['sh', '-s']).command,
      new RegExp(`exec ${words(become)} "\\$@"`),
    );
});

test('a command line works in every login shell', () => {
  const { command } = rootCommand(withPassword, ['sh', '-s']);
  assert.match(command, /^sh -c '[^'!\n]*' sh begin-[0-9a-f]{32} sh -s$/);
  assert.doesNotMatch(command, /a b/);
});
