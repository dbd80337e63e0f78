import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { sshBanner, waitFor, waitForStart } from '../../../../lib/base/wait.ts';

test('waiting ends with the first value, at the limit, or when cancelled', async () => {
  let asked = 0;
  assert.equal(await waitFor(async () => (++asked === 3 ? 'there' : undefined), 5), 'there');
  assert.equal(asked, 3);
  assert.equal(await waitFor(async () => undefined, 0), undefined);
  await assert.rejects(
    waitFor(async () => undefined, 60, AbortSignal.abort()),
    { code: 'cancelled' },
  );
});

test('what announces itself while it is looked for is not taken for ended', async () => {
  let there = false;
  const announced = async () => {
    const before = there;
    there = true; // Right after this look.
    return before;
  };
  let looks = 0;
  assert.equal(await waitForStart({ announced, running: async () => (++looks > 1 ? 7 : undefined) }, 5), 7);
  const gone = { announced: async () => true, running: async () => undefined };
  assert.equal(await waitForStart(gone, 5), 'ended');
  const silent = { announced: async () => false, running: async () => undefined };
  assert.equal(await waitForStart(silent, 0), undefined);
});

test('only an ssh server’s greeting counts', async (t) => {
  let greeting = 'SSH-2.0-test\r\n';
  const server = createServer((socket) => socket.on('error', () => undefined).write(greeting));
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  assert.equal(await sshBanner('127.0.0.1', address.port), 'SSH-2.0-test');
  greeting = 'HTTP/1.0 200\r\n';
  assert.equal(await sshBanner('127.0.0.1', address.port, 100), undefined);
});
