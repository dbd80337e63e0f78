import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { checkGates } from '../../../../../lib/machine/health/gates.ts';
import { plannedWave } from '../../../../../schema/rollout.ts';

const gatesOf = (gates: object) => plannedWave.parse({ name: 'eu', hosts: [], gates }).gates;

test('a gate without a machine is a command on this computer, or a URL', async () => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/health' ? 200 : 500).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = (path: string) => ({ http: { url: `http://127.0.0.1:${port}${path}` }, timeoutSeconds: 1 });
  const lines: string[] = [];
  const failed = await checkGates(
    gatesOf({
      whole: { check: { command: 'test "$(id -u)" = "$(id -u)"' } },
      broken: { check: { command: 'echo too slow; exit 3', timeoutSeconds: 1 } },
      shop: { check: url('/health') },
      cart: { check: url('/cart') },
    }),
    { onLine: (line) => lines.push(line) },
  ).finally(() => server.close());
  assert.deepEqual(failed.toSorted(), [
    'gate broken did not pass within 1 s: exit code 3: too slow',
    `gate cart did not pass within 1 s: http://127.0.0.1:${port}/cart answered 500, not 200`,
  ]);
  assert.ok(lines.includes('gate shop: passed'), lines.join('\n'));
});

test('a command that hangs is ended at its timeout', async () => {
  const begun = Date.now();
  const failed = await checkGates(gatesOf({ slow: { check: { command: 'sleep 60', timeoutSeconds: 1 } } }));
  assert.match(String(failed), /gate slow did not pass within 1 s/);
  assert.ok(Date.now() - begun < 30_000, 'the command was ended');
});

test('an interrupt ends the checks', async () => {
  const stop = new AbortController();
  const checking = checkGates(gatesOf({ slow: { check: { command: 'sleep 60', timeoutSeconds: 50 } } }), {
    signal: stop.signal,
  });
  stop.abort();
  await assert.rejects(checking, { code: 'cancelled' });
});
