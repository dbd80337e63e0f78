import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askMachines, type LiveAnswer, liveSystem, noteOf } from '../../../../lib/machine/check-live.ts';
import { parseReading } from '../../../../lib/machine/parse-reading.ts';
import { Reply } from '../../../../lib/machine/script/reply.ts';

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

test('a machine that has yet to be made is left out', async () => {
  assert.deepEqual(await askMachines({ web: undefined }), {});
});
