import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../../../lib/base/errors.ts';
import { askMachines, type LiveAnswer, liveSystem, noteOf } from '../../../../lib/machine/check-live.ts';
import { parseReading } from '../../../../lib/machine/parse-reading.ts';
import { Reply } from '../../../../lib/machine/script/reply.ts';
import type { Machine } from '../../../../lib/machine/ssh/machine.ts';
import { machineAt } from '../../../../lib/machine/ssh/machine-at.ts';
import type { Connection } from '../../../../schema/connection.ts';

const connection: Connection = { address: '192.0.2.7', user: 'root', connectTimeoutSeconds: 5 };

const answer = (system: string, profileSystem: string): LiveAnswer => {
  const reading = parseReading(new Reply('web', { stdout: 'machine-id=m\nend=yes\n' }));
  return { reading: { ...reading, system, profileSystem } };
};

test('a plan keeps the live system, the next one where it differs, and that a machine was not reached', () => {
  assert.equal(liveSystem(answer('/nix/store/a', '/nix/store/a')), '/nix/store/a');
  assert.equal(liveSystem(answer('/nix/store/a', '/nix/store/b')), '/nix/store/a, next boot /nix/store/b');
  assert.equal(liveSystem(answer('', '')), 'none');
  assert.equal(liveSystem({ problem: 'no route [unreachable]' }), 'not reached');
});

test('a machine that could not be asked is told of', () => {
  assert.match(
    noteOf({ problem: 'no route [unreachable]' }, 'web') ?? '',
    /^web could not be asked .* no route/,
  );
});

test('all machines are asked, and one that fails does not stop the others', async () => {
  const at = (name: string, run: Machine['run']) => ({ ...machineAt(name, connection), run });
  const stdout = 'machine-id=m\nsystem=/nix/store/a\nend=yes\n';
  const answers = await askMachines({
    web: at('web', async () => ({ exitCode: 0, stdout, stderr: '' })),
    db: at('db', async () => {
      throw new FleetError({ code: 'unreachable', what: 'no ssh connection could be made', why: 'no route' });
    }),
  });
  assert.ok(answers.web && 'reading' in answers.web);
  assert.equal(answers.web.reading.system, '/nix/store/a');
  assert.deepEqual(answers.db, { problem: 'no route [unreachable]' });
});
