import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becomeWords, entryFor } from '../../../../../lib/machine/ssh/become.ts';
import type { Connection } from '../../../../../schema/connection.ts';

const admin: Connection = { address: '192.0.2.7', user: 'admin', connectTimeoutSeconds: 5 };
const password = `a b\\n"$(id)'\t\\ ü`;
const withPassword: Connection = { ...admin, becomePassword: password };

test('root becomes nobody', () => {
  const root = { ...withPassword, user: 'root' };
  assert.deepEqual(entryFor(root, ['sh', '-s']), { command: 'exec sh -s', preamble: '' });
  assert.deepEqual(becomeWords(root), []);
});

test('each means has its words, and never asks', () => {
  const words = (become?: Connection['become']) => becomeWords({ ...admin, become }).join(' ');
  assert.equal(words(), 'sudo -n --');
  assert.equal(words('sudo'), 'sudo -n --');
  assert.equal(words('doas'), 'doas -n --');
  assert.equal(words('run0'), 'run0 --no-ask-password --');
  for (const become of ['doas', 'run0'] as const)
    assert.match(
      entryFor({ ...admin, become }, ['sh', '-s']).command,
      new RegExp(`exec ${words(become)} "\\$@"`),
    );
});

test('a command line is one that every login shell takes alike', () => {
  const { command } = entryFor(withPassword, ['sh', '-s']);
  assert.match(command, /^sh -c '[^'!\n]*' sh begin-[0-9a-f]{32} sh -s$/);
  assert.doesNotMatch(command, /a b/);
});
