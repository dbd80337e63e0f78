import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { runToEnd } from '../../../../../lib/base/process/run.ts';
import { rehearsedChecks } from '../../../../../lib/local/rehearsal/checks.ts';
import { healthCheck } from '../../../../../schema/health-check.ts';

test('a TCP check is run inside the machine', async () => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const command = () =>
    rehearsedChecks({ one: healthCheck.parse({ tcp: port }) }, 'web', (same) => same).checks.one?.command ??
    '';
  assert.equal((await runToEnd('sh', ['-c', command()], { timeoutSeconds: 10 })).exitCode, 0);
  server.close();
  await once(server, 'close');
  const after = await runToEnd('sh', ['-c', command()], { timeoutSeconds: 10 });
  assert.equal(after.exitCode, 1);
  assert.equal(after.stdout, `nothing listens on port ${port}\n`);
});
