import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Login, lockoutRisks } from '../../../../lib/machine/lockout.ts';
import type { HostFacts } from '../../../../schema/facts.ts';
import { someFacts } from '../../../fixtures/facts.ts';

const ann = (keys: string[], wheel = true) => ({
  wheel,
  keys: Object.fromEntries(keys.map((key) => [key, ''])),
});
const before = someFacts({ users: { root: ann(['SHA256:r']), ann: ann(['SHA256:a', 'SHA256:b']) } });
const entry: Login = { user: 'ann', port: 22, fingerprint: 'SHA256:a' };
const sshd = (...ports: string[]) => ({
  enabled: true,
  ports: Object.fromEntries(ports.map((port) => [port, true])),
});
const firewall = (...tcp: string[]) => ({
  enabled: true,
  tcp: Object.fromEntries(tcp.map((port) => [port, true])),
  udp: {},
});

const risky: [string, Partial<HostFacts>, Partial<Login>, RegExp][] = [
  ['sshd off', { sshd: { enabled: false, ports: {} } }, {}, /turns sshd off/],
  ['another port', { sshd: sshd('2222') }, {}, /no longer listens on port 22/],
  ['another port, where ssh_config decides', { sshd: sshd('2222') }, { port: undefined }, /port 22/],
  ['the port behind a forwarded one', { sshd: sshd('23') }, { port: 2022 }, /no longer listens on port 22/],
  ['closed in the firewall', { firewall: firewall('80') }, {}, /firewall no longer opens port 22/],
  ['the user', { users: { root: ann(['SHA256:r']) } }, {}, /drops the user ann/],
  ['the key', { users: { ann: ann(['SHA256:b']) } }, {}, /drops the key SHA256:a/],
  ['all keys', { users: { ann: ann(['SHA256:c']) } }, { fingerprint: undefined }, /drops every key/],
  ['root’s key', { users: { root: ann([]) } }, { user: 'root', fingerprint: 'SHA256:r' }, /root logs in/],
  ['wheel', { users: { ann: ann(['SHA256:a'], false) } }, {}, /out of the group wheel/],
];
for (const [name, changes, other, expected] of risky) {
  test(`dropped: ${name}`, () => {
    const risks = lockoutRisks({ ...before, ...changes }, before, { ...entry, ...other });
    assert.equal(risks.length, 1, risks.join('\n'));
    assert.match(risks[0] ?? '', expected);
  });
}

const safe: [string, Partial<HostFacts>, Partial<HostFacts>, Partial<Login>][] = [
  ['nothing new', {}, {}, {}],
  ['a second port', {}, { sshd: sshd('22', '2222') }, {}],
  ['another port of a forwarded machine', { sshd: sshd('22', '23') }, { sshd: sshd('22') }, { port: 2022 }],
  ['closed before already', { firewall: firewall() }, { firewall: firewall('80') }, {}],
  ['the firewall off', {}, { firewall: { ...firewall(), enabled: false } }, {}],
  ['open as a range of one interface', {}, { firewall: firewall('eth0:20-30') }, {}],
  [
    'a key that the configuration never held',
    {},
    { users: { ann: ann(['SHA256:b']) } },
    { fingerprint: 'x' },
  ],
  [
    'a key, where which one is used is not known',
    {},
    { users: { ann: ann(['SHA256:b']) } },
    { fingerprint: undefined },
  ],
  ['a user that the configuration never named', {}, { users: {} }, { user: 'deploy' }],
  [
    'sshd off as before',
    { sshd: { enabled: false, ports: {} } },
    { sshd: { enabled: false, ports: {} } },
    {},
  ],
];
for (const [name, old, changes, other] of safe) {
  test(`no false alarm: ${name}`, () => {
    assert.deepEqual(
      lockoutRisks({ ...before, ...changes }, { ...before, ...old }, { ...entry, ...other }),
      [],
    );
  });
}

test('without the previous facts, only what cannot work at all is reported', () => {
  const risks = (changes: Partial<HostFacts>, port?: number) =>
    lockoutRisks(someFacts(changes), undefined, { user: 'deploy', port, fingerprint: 'SHA256:a' });
  assert.deepEqual(risks({}), []);
  assert.match(risks({ sshd: { enabled: false, ports: {} } }).join(), /sshd off/);
  assert.match(risks({ sshd: sshd('2222') }, 22).join(), /but on 2222/);
  assert.deepEqual(risks({ sshd: sshd('2222'), firewall: firewall() }), []);
  assert.deepEqual(risks({ sshd: sshd('22') }, 2222), []);
});

test('a port that moves is refused with the way to move it, whatever the config says already (fault 26)', () => {
  const way =
    /two deployments, first with services\.openssh\.ports = \[ 22 2222 \] and the connection’s port 22, then with port 2222 in both/;
  const risks = (ports: string[], other: Partial<Login>) =>
    lockoutRisks({ ...before, sshd: sshd(...ports) }, before, { ...entry, ...other }).join();
  assert.match(risks(['2222'], {}), way);
  const moved = { port: 2222, portMoves: true };
  for (const ports of [['2222'], ['22', '2222']]) {
    assert.match(risks(ports, moved), /does not listen on port 2222 yet/);
    assert.match(risks(ports, moved), way);
  }
  // The first of the two, the second, and a port that is forwarded to sshd.
  assert.equal(risks(['22', '2222'], {}), '');
  const both = { ...before, sshd: sshd('22', '2222') };
  assert.deepEqual(lockoutRisks({ ...before, sshd: sshd('2222') }, both, { ...entry, ...moved }), []);
  assert.equal(risks(['22', '2222'], { port: 2222 }), '');
  assert.equal(risks(['22'], { port: 2022, portMoves: true }), '');
});
