import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusedCode, refusedMark } from '../../../../../lib/machine/ssh/become.ts';
import { explainRootFailure } from '../../../../../lib/machine/ssh/explain-root.ts';
import type { Connection } from '../../../../../schema/connection.ts';

const admin: Connection = { address: 'web.example', user: 'admin', connectTimeoutSeconds: 5 };
const explain = (connection: Connection, stderr: string, exitCode = 1) =>
  explainRootFailure({ name: 'web', connection }, { exitCode, stderr });

test('without root rights, the error names the fix for sudo, doas and run0', () => {
  const failures = {
    sudo: ['sudo: a password is required', /wheelNeedsPassword.*becomePassword/],
    doas: ['doas: Authentication required', /doas\.extraRules/],
    run0: ['Failed to start transient service unit: Interactive authentication required.', /polkit/],
  } as const;
  for (const become of ['sudo', 'doas', 'run0'] as const) {
    const [stderr, fix] = failures[become];
    const error = explain({ ...admin, become }, stderr);
    assert.equal(error?.code, 'access-denied');
    assert.equal(error?.why, stderr);
    assert.match(error?.fix ?? '', fix);
    const missing = explain({ ...admin, become }, `sh: 1: exec: ${become}: not found`, 127);
    assert.equal(missing?.code, 'access-denied');
  }
});

test('other failures are not reported as missing root rights', () => {
  assert.equal(explain(admin, 'error: no space left'), undefined);
  assert.equal(explain({ ...admin, user: 'root' }, 'sudo: a password is required'), undefined);
  assert.equal(explain(admin, 'ended by itself', refusedCode), undefined);
});

test('a wrong password is distinguished from missing root rights', () => {
  const withPassword = { ...admin, becomePassword: 'x' };
  const wrong = `Sorry, try again.\nsudo: no password was provided\n${refusedMark}\n`;
  assert.match(
    explain(withPassword, wrong, refusedCode)?.message ?? '',
    /sudo refused the password of admin/,
  );
  const other = `admin is not in the sudoers file.\n${refusedMark}\n`;
  const error = explain(withPassword, other, refusedCode);
  assert.match(error?.message ?? '', /no root rights/);
  assert.equal(error?.why, 'admin is not in the sudoers file.');
});

test('on this computer, the fix is to run pulumi as root', () => {
  const error = explain(
    { ...admin, user: 'root', local: true, address: 'localhost' },
    'sudo: a password is required',
  );
  assert.match(error?.fix ?? '', /Run pulumi as root/);
});

test('with agent forwarding, the fix names ssh-agent and nixosFleet.agentSudo', () => {
  const error = explain({ ...admin, forwardAgent: true }, 'sudo: a password is required');
  assert.match(error?.fix ?? '', /ssh-add -l.*nixosFleet\.agentSudo/);
});
