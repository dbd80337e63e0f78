import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { FleetError } from '../../../../lib/base/errors.ts';
import { resolveSecrets } from '../../../../program/config/host-secrets.ts';
import { parseStackConfig } from '../../../../program/config/parse-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'host-secrets-'));
after(() => rmSync(folder, { recursive: true }));
const sources = { baseDirectory: folder, stack: 'prod', encrypted: true };

function hosts(secrets: object) {
  const config = parseStackConfig({ hosts: JSON.stringify({ web: { secrets }, db: {} }) }, 'prod');
  return Object.fromEntries(Object.entries(config.hosts).map(([name, host]) => [name, host.secrets]));
}

test('values come from the config, a file or a command, with the file’s settings', async () => {
  writeFileSync(join(folder, 'text'), 'a b\n');
  writeFileSync(join(folder, 'bytes'), Buffer.from([0, 255, 1]));
  const { web, db } = await resolveSecrets(
    hosts({
      one: { value: 'v', owner: 'app', restartUnits: ['nginx.service'] },
      two: { file: 'text', when: 'after' },
      three: { file: 'bytes' },
      four: { command: ['printf', '%s', '$HOME'] },
    }),
    sources,
  );
  const plain = {
    owner: 'root',
    group: 'root',
    mode: '0400',
    restartUnits: [],
    when: 'before',
    encoding: 'text',
  };
  assert.deepEqual(web, {
    one: { ...plain, owner: 'app', restartUnits: ['nginx.service'], value: 'v' },
    two: { ...plain, when: 'after', value: 'a b\n' },
    three: { ...plain, encoding: 'base64', value: 'AP8B' },
    four: { ...plain, value: '$HOME' },
  });
  assert.deepEqual(db, {});
});

test('equal commands run once', async () => {
  const count = join(folder, 'count');
  const command = ['sh', '-c', `echo x >>${count}; wc -l <${count}`];
  const { web } = await resolveSecrets(hosts({ one: { command }, two: { command } }), sources);
  assert.equal(web?.one?.value.trim(), '1');
  assert.equal(web?.two?.value.trim(), '1');
});

test('all failures are reported together, without what a command printed to stdout', async () => {
  const script = 'echo half-a-secret; echo locked >&2; exit 3';
  await assert.rejects(
    resolveSecrets(
      hosts({
        one: { command: ['sh', '-c', script] },
        two: { file: 'missing' },
        three: { command: ['no-such-program'] },
        four: { command: ['sh', '-c', 'echo half-a-secret; exec sleep 60'] },
        five: { command: ['true'] },
      }),
      { ...sources, timeoutSeconds: 1 },
    ),
    (error: FleetError) => {
      assert.equal(error.code, 'secret-failed');
      for (const part of [
        /exit code 3: locked/,
        /ENOENT/,
        /not found on PATH/,
        /did not end/,
        /printed nothing/,
      ])
        assert.match(error.message, part);
      assert.doesNotMatch(error.message, /half-a-secret/);
      return true;
    },
  );
});
