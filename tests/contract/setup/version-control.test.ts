import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../lib/base/process/run.ts';

// Git removes an ignored folder to check out a tracked file of its name: a link to packages would take them from every checkout.
test('no installed packages are under version control, not even by a link', async () => {
  const { stdout } = await run('git', ['ls-files', '--cached', '--', 'node_modules'], { timeoutSeconds: 60 });
  assert.equal(stdout, '', 'take it out: git rm --cached node_modules');
});
