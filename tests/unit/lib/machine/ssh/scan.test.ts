import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { sshBanner } from '../../../../../lib/machine/ssh/scan.ts';

test('only an ssh banner counts', async (t) => {
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
