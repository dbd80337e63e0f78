import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rehearsedChecks } from '../../../../../lib/local/rehearsal/checks.ts';
import { healthCheck } from '../../../../../schema/health-check.ts';

const checks = {
  command: healthCheck.parse({ command: 'true' }),
  database: healthCheck.parse({ tcp: 5432 }),
  page: healthCheck.parse({ http: { url: '/health?a=1', status: 204 } }),
  own: healthCheck.parse({ http: { url: 'https://web.example.org/x' } }),
  high: healthCheck.parse({ http: { url: 'http://web.example.org:8080/' } }),
  other: healthCheck.parse({ http: { url: 'https://elsewhere.example.org/' } }),
};

test('a check of the machine’s address goes to a forwarded port', () => {
  const rehearsed = rehearsedChecks(checks, 'web.example.org', (port) => port + 10_000);
  assert.deepEqual(rehearsed.checks.command, checks.command);
  assert.equal(rehearsed.checks.database?.tcp, undefined);
  assert.match(rehearsed.checks.database?.command ?? '', /":1538"/);
  assert.deepEqual(rehearsed.checks.page?.http, { url: 'http://127.0.0.1:10080/health?a=1', status: 204 });
  assert.equal(rehearsed.checks.own?.http?.url, 'https://127.0.0.1:10443/x');
  assert.equal(rehearsed.checks.high?.http?.url, 'http://127.0.0.1:18080/');
  assert.deepEqual(rehearsed.ports, [80, 443, 8080]);
});

test('a check of another machine is skipped and reported', () => {
  const { checks: kept, skipped } = rehearsedChecks(checks, 'web.example.org', (port) => port);
  assert.deepEqual(skipped, ['other']);
  assert.equal('other' in kept, false);
});

test('the address may be IPv6', () => {
  const { checks: kept } = rehearsedChecks(
    { page: healthCheck.parse({ http: { url: '/' } }) },
    '2001:db8::7',
    () => 1080,
  );
  assert.equal(kept.page?.http?.url, 'http://127.0.0.1:1080/');
});
