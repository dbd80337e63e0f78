import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarizeFacts, summarizeSymbols } from '../../../../lib/evaluation/summarize-facts.ts';
import { formatFacts } from '../../../../schema/facts.ts';
import { someFacts } from '../../../fixtures/facts.ts';

test('facts are summed up by versions, counts, ports and users (fault 80)', () => {
  const facts = someFacts({
    packages: { jq: '1.7', git: '2.50' },
    units: { 'a.service': 'enabled 0123456789ab', 'b.service': 'disabled 0123456789ab' },
    firewall: { enabled: true, tcp: { 22: true, 'eth1:80-90': true }, udp: { 53: true } },
    users: { root: { wheel: false, keys: {} }, ann: { wheel: true, keys: { 'SHA256:x': 'ann@pc' } } },
    specialisations: { debug: true },
  });
  const summary = summarizeFacts(formatFacts(facts));
  assert.equal(summary.packages, '2');
  assert.equal(summary.units, '2, 1 enabled');
  assert.equal(summary.ports, 'sshd on 22; open: 22/tcp, eth1:80-90/tcp, 53/udp');
  assert.equal(summary.users, 'root (0 keys), ann (wheel, 1 key)');
  assert.equal(summary.specialisations, 'debug');
  assert.match(summary.kernel ?? '', /^6\.18\.37, \d+ parameters?, \d+ initrd modules?, systemd-boot$/);
  assert.equal(summarizeFacts(formatFacts({ ...facts, container: true })).kernel, 'that of its host');
});

test('symbols are counted by value (fault 80)', () => {
  assert.equal(summarizeSymbols({ A: 'y', B: 'y', C: 'm', D: '64' }), '4 symbols: 2 y, 1 m, 1 other');
  assert.equal(summarizeSymbols({}), '0 symbols');
});
