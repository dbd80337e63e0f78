import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../../../lib/base/errors.ts';
import {
  describeLive,
  type LiveResult,
  liveSystem,
  readLiveSystems,
} from '../../../../lib/machine/check-live.ts';
import { parseReading } from '../../../../lib/machine/parse-reading.ts';
import { Reply } from '../../../../lib/machine/script/reply.ts';
import type { Machine } from '../../../../lib/machine/ssh/machine.ts';
import { machineAt } from '../../../../lib/machine/ssh/machine-at.ts';
import type { Connection } from '../../../../schema/connection.ts';

const connection: Connection = { address: '192.0.2.7', user: 'root', connectTimeoutSeconds: 5 };

const result = (system: string, profileSystem: string): LiveResult => {
  const reading = parseReading(new Reply('web', { stdout: 'machine-id=m\nend=yes\n' }));
  return { reading: { ...reading, system, profileSystem } };
};

test('a plan records the live system, the next one if it differs, and which machines were not reached', () => {
  assert.equal(liveSystem(result('/nix/store/a', '/nix/store/a')), '/nix/store/a');
  assert.equal(liveSystem(result('/nix/store/a', '/nix/store/b')), '/nix/store/a, next boot /nix/store/b');
  assert.equal(liveSystem(result('', '')), 'none');
  assert.equal(liveSystem({ problem: 'no route [unreachable]' }), 'not reached');
});

test('the note on an unreachable machine names the reason', () => {
  assert.match(
    describeLive({ problem: 'no route [unreachable]' }, 'web') ?? '',
    /^the live system of web could not be read: no route/,
  );
});

test('all machines are read, and one that fails does not stop the others', async () => {
  const at = (name: string, run: Machine['run']) => ({ ...machineAt(name, connection), run });
  const stdout = 'machine-id=m\nsystem=/nix/store/a\nend=yes\n';
  const results = await readLiveSystems({
    web: at('web', async () => ({ exitCode: 0, stdout, stderr: '' })),
    db: at('db', async () => {
      throw new FleetError({ code: 'unreachable', what: 'no ssh connection could be made', why: 'no route' });
    }),
  });
  assert.ok(results.web && 'reading' in results.web);
  assert.equal(results.web.reading.system, '/nix/store/a');
  assert.deepEqual(results.db, { problem: 'no route [unreachable]' });
});
