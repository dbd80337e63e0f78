import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Context, type Deployed, rules } from '../../../examples/policies/rules.ts';
import type { HostFacts } from '../../../schema/facts.ts';
import { someFacts } from '../../fixtures/facts.ts';

const { supportedUntil, source, read } = JSON.parse(
  readFileSync(new URL('../../../examples/policies/kernels.json', import.meta.url), 'utf8'),
);
const context: Context = { supportedUntil, today: '2026-03-01' };
const healthChecks = { up: {} };

/** Names of the rules that a machine with these facts breaks. */
function broken(
  facts: Partial<HostFacts>,
  more: Partial<Context> = {},
  checks: Deployed['healthChecks'] = healthChecks,
) {
  const deployed: Deployed = { facts: { ...good, ...facts }, healthChecks: checks };
  return rules.flatMap(({ name, check }) => (check(deployed, { ...context, ...more }) ? [name] : []));
}

const good: HostFacts = {
  ...someFacts(),
  kernel: { ...someFacts().kernel, version: '6.12.40' },
  firewall: { enabled: true, tcp: {}, udp: {} },
  sshd: { enabled: true, ports: { 22: true } },
  access: { trustedInterfaces: {}, rootPassword: false, sshPasswords: false },
  stateVersion: '25.11',
};

test('a machine that keeps all rules breaks none', () => {
  assert.deepEqual(broken({}), []);
});

const kernel = (version: string) => ({ kernel: { ...good.kernel, version } });

test('a kernel is supported to the last day of the month that the data names', () => {
  assert.deepEqual(broken(kernel('6.12.40'), { today: '2028-12-31' }), []);
  assert.deepEqual(broken(kernel('6.12.40'), { today: '2029-01-01' }), ['kernel-supported']);
  assert.deepEqual(broken(kernel('6.17.3')), ['kernel-supported']);
  assert.deepEqual(broken(kernel('6.1.1-rt1')), []);
});

test('a kernel of a branch without data, and that of a container, are left alone', () => {
  assert.deepEqual(broken(kernel('7.3.1')), []);
  assert.deepEqual(broken(kernel('host')), []);
});

test('the data of kernels names its source and day, and a month for each branch', () => {
  assert.match(source, /kernel\.org/);
  assert.match(read, /^\d{4}-\d\d-\d\d$/);
  for (const [branch, until] of Object.entries(supportedUntil)) {
    assert.match(branch, /^\d+\.\d+$/);
    assert.match(until as string, /^20\d\d-(0[1-9]|1[0-2])$/);
  }
});

test('a machine without a firewall breaks a rule', () => {
  assert.deepEqual(broken({ firewall: { ...good.firewall, enabled: false } }), ['firewall-enabled']);
});

test('a password of root, and one that sshd accepts, break a rule each', () => {
  const access = { trustedInterfaces: {}, rootPassword: true, sshPasswords: true };
  assert.deepEqual(broken({ access }), ['root-without-password', 'ssh-by-key']);
  // Without sshd nobody logs in by ssh.
  assert.deepEqual(broken({ access, sshd: { enabled: false, ports: {} } }), ['root-without-password']);
  // States of earlier versions do not have these facts.
  assert.deepEqual(broken({ access: { trustedInterfaces: {} } }), []);
});

test('a changed stateVersion breaks a rule where the configuration has the first one', () => {
  assert.deepEqual(broken({ stateVersion: '26.05' }), []);
  assert.deepEqual(broken({ stateVersion: '26.05' }, { stateVersion: '25.11' }), ['state-version-kept']);
  assert.deepEqual(broken({ stateVersion: '25.11' }, { stateVersion: '25.11' }), []);
});

test('a machine without a health check breaks an advisory rule', () => {
  assert.deepEqual(broken({}, {}, {}), ['health-checked']);
  const { enforcementLevel } = rules.find(({ name }) => name === 'health-checked') ?? {};
  assert.equal(enforcementLevel, 'advisory');
});
