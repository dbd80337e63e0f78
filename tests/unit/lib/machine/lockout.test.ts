import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Login, limitedTo, lockoutRisks } from '../../../../lib/machine/lockout.ts';
import { type LockoutCase, lockoutCases, server, sshd } from '../../../fixtures/lockout-cases.ts';

const verdict = ({ refused, limited }: LockoutCase): string => {
  if (refused.length > 0) return `refused: ${refused.join(', ')}`;
  return limited.length > 0 ? `passes if ssh arrives on ${limited.join(' or ')}` : 'passes';
};

for (const each of lockoutCases) {
  const { name, before, desired, login, refused, limited } = each;
  test(`lockout guard, ${name}: ${verdict(each)} (faults 40, 74, 82)`, () => {
    const risks = lockoutRisks(desired, before, login);
    assert.deepEqual(
      risks.map(({ reason }) => reason),
      refused,
    );
    for (const { text } of risks) assert.match(text, /^[a-z]\S.{15,400}[^.]$/);
    assert.deepEqual(limitedTo(desired, before, login)?.interfaces ?? [], limited);
  });
}

test('the table in docs/guards.md is the table of these cases', () => {
  const docs = readFileSync(new URL('../../../../docs/guards.md', import.meta.url), 'utf8');
  const rows = lockoutCases.map((each) => `| ${each.name} | ${verdict(each)} |`);
  assert.deepEqual(
    docs.split('\n').filter((line) => /^\| .* \| (passes|refused)/.test(line)),
    rows,
  );
});

const entry: Login = { user: 'ann', port: 22, fingerprint: 'SHA256:a' };

test('a port that moves is refused with the way to move it, whatever the config says already (fault 26)', () => {
  const way =
    /two deployments, first with services\.openssh\.ports = \[ 22 2222 \] and the connection’s port 22, then with port 2222 in both/;
  const risks = (ports: string[], other: Partial<Login>) =>
    lockoutRisks({ ...server, ...sshd(...ports) }, server, { ...entry, ...other })
      .map(({ text }) => text)
      .join();
  assert.match(risks(['2222'], {}), way);
  const moved = { port: 2222, portMoves: true };
  for (const ports of [['2222'], ['22', '2222']]) {
    assert.match(risks(ports, moved), /does not listen on port 2222 yet/);
    assert.match(risks(ports, moved), way);
  }
  // The first of the two, the second, and a port that is forwarded to sshd.
  assert.equal(risks(['22', '2222'], {}), '');
  const both = { ...server, ...sshd('22', '2222') };
  assert.deepEqual(lockoutRisks({ ...server, ...sshd('2222') }, both, { ...entry, ...moved }), []);
  assert.equal(risks(['22', '2222'], { port: 2222 }), '');
  assert.equal(risks(['22'], { port: 2022, portMoves: true }), '');
});
