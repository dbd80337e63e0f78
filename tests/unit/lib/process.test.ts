import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProcessError, runToEnd } from '../../../lib/process.ts';

const reason = (expected: ProcessError['reason']) => (error: unknown) =>
  error instanceof ProcessError && error.reason === expected;

test('a group is ended as a whole: what a program has started does not keep it waiting', async () => {
  // The child holds the pipes, and would do so for a thousand seconds.
  const running = runToEnd('sh', ['-c', 'sleep 1000 & wait'], { timeoutSeconds: 0.5, group: true });
  await assert.rejects(running, reason('timeout'));
});

test('a cancel ends a group too', async () => {
  const controller = new AbortController();
  const running = runToEnd('sh', ['-c', 'echo up; sleep 1000'], {
    signal: controller.signal,
    group: true,
    onStdoutLine: () => controller.abort(),
  });
  await assert.rejects(running, reason('cancelled'));
});

test('a group that ends by itself leaves nothing to wait for', async () => {
  const { stdout } = await runToEnd('echo', ['done'], { timeoutSeconds: 1000, group: true });
  assert.equal(stdout, 'done\n');
});
