/** lib/machine/arrival.sh, run by the shells of machines beside a stand-in for `ip`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Reply } from '../../../../lib/machine/script/reply.ts';
import { scriptFile, scriptText } from '../../../../lib/machine/script/text.ts';
import { ownFolder } from '../../../fixtures/flakes/copy.ts';

const script = scriptFile('../../../../lib/machine/arrival.sh', import.meta.url);
const shells = [['sh'], ['dash'], ['bash'], ['busybox', 'sh']].filter(
  ([program = '', ...args]) => !spawnSync(program, [...args, '-c', ':']).error,
);

async function interfaceOf(shell: readonly string[], connection: string | undefined, through: string[] = []) {
  const folder = await ownFolder();
  mkdirSync(join(folder, 'bin'));
  const ip = `#!/bin/sh
[ "$*" = "-o route get 203.0.113.7 from 198.51.100.2" ] || exit 2
echo "203.0.113.7 from 198.51.100.2 dev wg0 table 51820 uid 0 \\    cache"
`;
  writeFileSync(join(folder, 'bin/ip'), ip, { mode: 0o755 });
  const { SSH_CONNECTION: _, ...env } = process.env;
  const [program = '', ...args] = [...through, ...shell, '-s'];
  const { stdout, stderr, status } = spawnSync(program, args, {
    input: scriptText(script),
    encoding: 'utf8',
    env: {
      ...env,
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      ...(connection ? { SSH_CONNECTION: connection } : {}),
    },
  });
  const reply = new Reply('here', { stdout, stderr, exitCode: status ?? -1 });
  assert.equal(reply.isWhole, true, stderr);
  return reply.text('interface');
}

for (const shell of shells) {
  test(`the interface on which ssh arrives is found, also behind sudo (${shell.join(' ')}) (faults 40, 74)`, async () => {
    assert.equal(await interfaceOf(shell, '203.0.113.7 50022 198.51.100.2 22'), 'wg0');
    const cleared = ['sh', '-c', 'env -u SSH_CONNECTION "$@"; exit $?', 'sh'];
    assert.equal(await interfaceOf(shell, '203.0.113.7 50022 198.51.100.2 22', cleared), 'wg0');
    assert.equal(await interfaceOf(shell, 'fe80::1%eth0 50022 fe80::2%eth0 22'), 'eth0');
    assert.equal(await interfaceOf(shell, '192.0.2.1 50022 198.51.100.2 22'), '', 'ip fails');
    assert.equal(await interfaceOf(shell, undefined), '', 'not over ssh');
  });
}
