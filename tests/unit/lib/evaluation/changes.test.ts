import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factsChanges } from '../../../../lib/evaluation/changes.ts';
import { someFacts } from '../../../fixtures/facts.ts';

test('equal facts have no changes', () => {
  assert.deepEqual(factsChanges(someFacts(), someFacts()), []);
});

test('each leaf that differs is a line in the format of Pulumi’s diffs', () => {
  const old = someFacts();
  const desired = someFacts({
    packages: { jq: '1.8', tree: '2.1' },
    kernel: { ...old.kernel, params: {} },
    firewall: { enabled: true, tcp: { '22': true, '80': true }, udp: {} },
  });
  assert.deepEqual(factsChanges(old, desired), [
    '- kernel.params.panic: "10"',
    '~ packages.jq: "1.7" => "1.8"',
    '+ packages.tree: "2.1"',
    '+ firewall.tcp.80: true',
  ]);
});

test('a unit shows its state, never the hash of its text', () => {
  const old = someFacts({
    units: { 'a.service': 'enabled 0123456789ab', 'b.service': 'enabled 0123456789ab' },
  });
  const desired = someFacts({
    units: { 'a.service': 'disabled 0123456789ab', 'c.service': 'enabled ba9876543210' },
  });
  assert.deepEqual(factsChanges(old, desired), [
    '~ units["a.service"]: enabled => disabled',
    '- units["b.service"]: enabled',
    '+ units["c.service"]: enabled',
  ]);
});

test('a text that is not in the cache is only shown to differ', () => {
  const old = someFacts({ etc: { motd: 'aaaaaaaaaaaa' } });
  const desired = someFacts({ etc: { motd: 'bbbbbbbbbbbb' } });
  assert.deepEqual(factsChanges(old, desired), ['~ etc.motd: text differs']);
});

test('a long list of changes is cut, with the number of the others', () => {
  const packages = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`p${index}`, '1']));
  const lines = factsChanges(someFacts({ packages: {} }), someFacts({ packages }));
  assert.equal(lines.length, 401);
  assert.equal(lines.at(-1), '… and 100 more changes');
});

test('what older versions did not record, or cannot be read, is no change', () => {
  const access = { trustedInterfaces: { wg0: true }, nix: true };
  const old = someFacts();
  assert.deepEqual(factsChanges(old, someFacts({ access })), []);
  assert.deepEqual(factsChanges(someFacts({ access }), someFacts({ access: { ...access, nix: false } })), [
    '~ access.nix: true => false',
  ]);
  const passwords = { ...access, rootPassword: true, sshPasswords: true };
  assert.deepEqual(factsChanges(someFacts({ access }), someFacts({ access: passwords })), []);
  assert.deepEqual(
    factsChanges(
      someFacts({ access: passwords }),
      someFacts({ access: { ...passwords, rootPassword: false } }),
    ),
    ['~ access.rootPassword: true => false'],
  );
  const unread = someFacts({ packages: {}, nixosLabel: '', unread: { packages: true, about: true } });
  assert.deepEqual(factsChanges(old, unread), []);
  assert.deepEqual(factsChanges(unread, old), []);
});
