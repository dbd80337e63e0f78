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

test('only messages by which sudo refuses count, not its warnings (fault 25)', () => {
  const warning = 'sudo: unable to resolve host web: Temporary failure in name resolution';
  for (const stderr of [
    warning,
    'sudo: setrlimit(RLIMIT_CORE): Operation not permitted',
    'sudo: ignoring time stamp from the future',
    `${warning}\nerror: No space left on device`,
  ])
    assert.equal(explain(admin, stderr), undefined, stderr);
  for (const refusal of [
    'sudo: a terminal is required to read the password; either use the -S option',
    'sudo: you do not exist in the passwd database',
    'sudo: interactive authentication is required',
    'sudo: PAM account management error: Permission denied',
    'sudo: account validation failure, is your account locked?',
    'admin is not in the sudoers file.',
    "Sorry, user admin is not allowed to execute '/bin/sh -s' as root on web.",
    "sudo: I'm sorry admin. I'm afraid I can't do that",
    'sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set',
  ])
    assert.equal(explain(admin, `${warning}\n${refusal}\n`)?.why, refusal);
  const doas: Connection = { ...admin, become: 'doas' };
  assert.equal(explain(doas, 'doas: Operation not permitted')?.why, 'doas: Operation not permitted');
});
