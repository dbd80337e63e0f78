import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import {
  longestCheckSeconds,
  runHealthChecks,
  untilPassed,
  urlAt,
} from '../../../../../lib/machine/health/health-checks.ts';
import type { Machine } from '../../../../../lib/machine/ssh/machine.ts';
import { machineAt } from '../../../../../lib/machine/ssh/machine-at.ts';
import { connection as connectionSchema } from '../../../../../schema/connection.ts';
import { healthCheck } from '../../../../../schema/health-check.ts';

let status = 503;
const server = createServer((request, response) => {
  response.statusCode = request.url === '/moved' ? 302 : status;
  response.end();
});
let port: number;
/** An alias, as ssh_config has it: no name of DNS. */
const machine: Machine = {
  ...machineAt('web', connectionSchema.parse({ address: 'alias.invalid' })),
  destination: async () => ({ hostName: '127.0.0.1' }),
};
const check = (given: object) => ({ one: healthCheck.parse({ timeoutSeconds: 1, ...given }) });
const seen = (given: object) => runHealthChecks(machine, check(given));

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
after(() => server.close());

test('a check has exactly one kind', () => {
  assert.equal(healthCheck.safeParse({}).success, false);
  assert.equal(healthCheck.safeParse({ tcp: 80, command: 'true' }).success, false);
  assert.equal(healthCheck.parse({ http: {} }).http?.status, 200);
});

test('http: the status decides, and a failure names the one received', async () => {
  const url = `http://127.0.0.1:${port}/`;
  status = 503;
  assert.deepEqual(await seen({ http: { url } }), [
    `health check one did not pass within 1 s: ${url} answered 503, not 200`,
  ]);
  status = 200;
  assert.deepEqual(await seen({ http: { url } }), []);
  assert.deepEqual(await seen({ http: { url: `${url}moved`, status: 302 } }), []);
});

test('http: an alias is connected to where ssh_config says (fault 24)', async () => {
  status = 200;
  const url = `http://alias.invalid:${port}/`;
  assert.deepEqual(await seen({ http: { url } }), []);
});

test('tcp: accepted or refused, at the address that ssh_config has for an alias (fault 24)', async () => {
  assert.deepEqual(await seen({ tcp: port }), []);
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const free = (closed.address() as AddressInfo).port;
  closed.close();
  await once(closed, 'close');
  assert.match((await seen({ tcp: free })).join(), /check one did not pass within 1 s: .*ECONNREFUSED/);
});

test('a check of the operator’s own computer connects to the loopback address', async () => {
  const local = connectionSchema.parse({ local: true, address: 'no-such-name.invalid' });
  const here = machineAt('here', local);
  assert.deepEqual(await runHealthChecks(here, check({ tcp: port })), []);
});

test('a check is retried until it passes, within its timeout', async () => {
  let tries = 0;
  const third = async () => (++tries < 3 ? 'not yet' : undefined);
  assert.equal(await untilPassed(third, 10), undefined);
  assert.equal(tries, 3);
  const limits: number[] = [];
  const never = async (limitSeconds: number) => `never ${limits.push(limitSeconds)}`;
  assert.equal(await untilPassed(never, 1.2), `never ${limits.length}`);
  assert.equal(limits[0], 2);
  assert.ok(limits.length <= 3, `${limits}`);
});

test('a cancelled run ends at once', async () => {
  const aborted = AbortSignal.abort();
  await assert.rejects(untilPassed(async () => 'never', 60, { signal: aborted }));
});

test('a path is requested from the machine, a URL as given', () => {
  assert.deepEqual(urlAt('192.0.2.7', '/health'), { absolute: 'http://192.0.2.7/health', isOwn: true });
  assert.deepEqual(urlAt('2001:db8::7', '/'), { absolute: 'http://[2001:db8::7]/', isOwn: true });
  assert.deepEqual(urlAt('web', 'https://web:8443/'), { absolute: 'https://web:8443/', isOwn: true });
  assert.deepEqual(urlAt('web', 'https://example.org/'), { absolute: 'https://example.org/', isOwn: false });
  assert.deepEqual(urlAt('web', '/', '192.0.2.7'), { absolute: 'http://web/', isOwn: true });
  assert.equal(urlAt('web', '/', 'fe80::1%eth0').absolute, 'http://web/');
  assert.deepEqual(urlAt('web', '/', 'web.example'), { absolute: 'http://web.example/', isOwn: true });
  assert.equal(urlAt('web', 'http://web.example:80/', 'web.example').isOwn, true);
  assert.equal(longestCheckSeconds({}), 0);
  assert.equal(longestCheckSeconds({ ...check({ tcp: 1 }), two: healthCheck.parse({ tcp: 2 }) }), 30);
});

test('a cancel during health checks is a cancel, not a bug (fault 38)', async () => {
  const silent = createTcpServer();
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const at = (silent.address() as AddressInfo).port;
  const checks = [
    { http: { url: `http://127.0.0.1:${at}/` } },
    { http: { url: `http://alias.invalid:${at}/` } },
  ];
  for (const given of checks) {
    const controller = new AbortController();
    const connected = once(silent, 'connection');
    const ended = runHealthChecks(machine, check({ ...given, timeoutSeconds: 60 }), {
      signal: controller.signal,
    });
    const [socket] = (await connected) as [Socket];
    controller.abort();
    await assert.rejects(ended, { name: 'FleetError', code: 'cancelled' });
    socket.destroy();
  }
  silent.close();
});
