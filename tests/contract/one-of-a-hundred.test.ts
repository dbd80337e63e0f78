/** The recording of an edit of one host in a hundred: machines of the benchmarks, which do not exist, as if they were deployed. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fleetStack } from '../../bench/stacks.ts';
import { record } from '../../docs/recordings/record.ts';

const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-hundred-'));
const backend = join(folder, 'backend');
after(() => rmSync(folder, { recursive: true }));

test('an edit of one host in a hundred is evaluated alone', async () => {
  process.env.XDG_CACHE_HOME = join(folder, 'cache');
  mkdirSync(backend);
  const { stack } = await fleetStack(join(folder, 'project'), backend, 100);
  // The first edits find out which machines alone read the file.
  for (const each of ['one', 'two']) {
    writeFileSync(join(stack.folder, 'flake/host1.nix'), `"--${each}"\n`);
    await stack.pulumi(['preview']);
  }
  const { text, exitCodes } = await record({
    name: 'one-of-a-hundred',
    title: 'An edit of one host in a hundred, evaluated alone',
    lines: [`echo '"--verbose"' > flake/host1.nix`, 'nixos-fleet preview --stack bench'],
    cwd: stack.folder,
    env: {
      PULUMI_BACKEND_URL: `file://${backend}`,
      PULUMI_CONFIG_PASSPHRASE: '',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
    },
  });
  assert.deepEqual(exitCodes, [0, 0], text);
  assert.match(text, /^1 of 100 evaluated: host1\.nix changed$/m);
});
