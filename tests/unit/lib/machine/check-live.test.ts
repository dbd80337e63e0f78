import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../../../lib/base/errors.ts';
import {
  assertDistinct,
  describeForeignOwner,
  describeLive,
  type LiveResult,
  liveSystem,
  readLiveSystems,
} from '../../../../lib/machine/check-live.ts';
import { type MachineReading, parseReading } from '../../../../lib/machine/parse-reading.ts';
import { readMachine } from '../../../../lib/machine/read-machine.ts';
import type { ActivationResult } from '../../../../lib/machine/record/result.ts';
import { Reply } from '../../../../lib/machine/script/reply.ts';
import type { Machine } from '../../../../lib/machine/ssh/machine.ts';
import { machineAt } from '../../../../lib/machine/ssh/machine-at.ts';
import type { Connection } from '../../../../schema/connection.ts';
import { someResult } from '../../../fixtures/activation-result.ts';

const connection: Connection = { address: '192.0.2.7', user: 'root', connectTimeoutSeconds: 5 };

const live = (system: string, profileSystem: string): LiveResult => {
  const reading = parseReading(new Reply('web', { stdout: 'machine-id=m\nend=yes\n' }));
  return { reading: { ...reading, system, profileSystem } };
};

test('a plan records the live system, the next one if it differs, and which machines were not reached', () => {
  assert.equal(liveSystem(live('/nix/store/a', '/nix/store/a')), '/nix/store/a');
  assert.equal(liveSystem(live('/nix/store/a', '/nix/store/b')), '/nix/store/a, next boot /nix/store/b');
  assert.equal(liveSystem(live('', '')), 'none');
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
  const results = await readLiveSystems(
    {
      web: at('web', async () => ({ exitCode: 0, stdout, stderr: '' })),
      db: at('db', async () => {
        throw new FleetError({
          code: 'unreachable',
          what: 'no ssh connection could be made',
          why: 'no route',
        });
      }),
    },
    readMachine,
  );
  assert.ok(results.web && 'reading' in results.web);
  assert.equal(results.web.reading.system, '/nix/store/a');
  assert.deepEqual(results.db, { problem: 'no route [unreachable]' });
});

const path = (letter: string) => `/nix/store/${letter.repeat(32)}-nixos-system-web`;
const record = { host: 'web', system: path('a'), revision: '', by: 'ann@laptop', at: '' };
const result = (changes: Partial<ActivationResult>) =>
  JSON.stringify(someResult({ system: path('a'), previous: path('o'), ...changes }));
const note = (changes: Partial<MachineReading>, desired?: string, me = 'ann@laptop') => {
  const reading = parseReading(new Reply('web', { stdout: 'machine-id=m\nend=yes\n' }));
  return describeLive({ reading: { ...reading, system: path('a'), ...changes } }, 'web', desired, me);
};

test('a live system without a record was not deployed by nixos-fleet', () => {
  assert.equal(note({}), `web runs ${path('a')}, which nixos-fleet did not deploy`);
});

test('a live system that differs from the last deployed one is reported with both', () => {
  assert.match(
    note({ record, lastResult: result({ system: path('n') }) }) ?? '',
    /^web runs \S*a{32}\S* instead of \S*n{32}\S*, which the last deployment \(by ann@laptop, 2026-/,
  );
  const rolledBack = result({
    system: path('n'),
    outcome: 'not-confirmed',
    wentBack: 'yes',
    previous: path('o'),
  });
  assert.match(note({ record, lastResult: rolledBack }) ?? '', /instead of \S*o{32}/);
});

test('there is no note on a machine that runs the last deployed or the desired system', () => {
  assert.equal(note({ record, lastResult: result({}) }), undefined);
  const rolledBack = result({ system: path('n'), outcome: 'killed', wentBack: 'yes', previous: path('a') });
  assert.equal(note({ record, lastResult: rolledBack }), undefined);
  assert.equal(note({ record }), undefined, 'adopted without a switch');
  assert.equal(note({}, path('a')), undefined);
  assert.equal(note({ system: '' }), undefined);
});

test('a failed pull of the machine is named, until a later deployment (fault 7)', () => {
  const pull: Partial<ActivationResult> = {
    by: 'pull@web',
    outcome: 'pull-failed',
    system: '',
    previous: path('a'),
    reason: 'no route',
  };
  assert.match(
    note({ record, lastResult: result(pull) }, path('a')) ?? '',
    /the last deployment to web \(by pull@web.*failed:[\s\S]*could not pull[\s\S]*no route/,
  );
  assert.equal(note({ record, lastResult: result({ ...pull, outcome: 'locked' }) }, path('a')), undefined);
});

test('a live system that another operator deployed is named, with who and when (fault 54)', () => {
  const other = { ...record, at: '2026-01-01T00:00:00Z' };
  const shown = note({ record: other, lastResult: result({}) }, path('n'), 'bob@pc') ?? '';
  assert.match(
    shown,
    /^web runs \S*a{32}\S*, deployed by ann@laptop at 2026-01-01T00:00:00Z: if this preview/,
  );
  assert.equal(note({ record: other, lastResult: result({}) }, path('n')), undefined, 'one’s own');
  assert.equal(note({ record: other, lastResult: result({}) }, path('a'), 'bob@pc'), undefined, 'desired');
});

const machine = (lines: string): LiveResult => ({
  reading: parseReading(new Reply('web', { stdout: `${lines}\nend=yes\n` })),
});

test('two hosts that are one machine are refused, and named (fault 52)', () => {
  const one = machine('machine-id=m\nboot-id=b');
  assert.throws(() => assertDistinct({ web: one, other: machine('machine-id=n\nboot-id=c'), www: one }), {
    code: 'owned-by-other',
    message: /^the hosts web and www are one machine/,
  });
});

test('machines that were made from one image, and machines that were not reached, are distinct', () => {
  const [web, db] = [machine('machine-id=m\nboot-id=b'), machine('machine-id=m\nboot-id=c')];
  assertDistinct({ web, db, off: { problem: 'no route' }, out: { problem: 'no route' } });
});

test('a machine that another stack deployed last is a note in a preview, until it may be taken over (fault 15)', () => {
  const owned = machine('machine-id=m\nowner-stack=fleet/prod\nowner-by=ann@laptop\nowner-since=0');
  const note = describeForeignOwner(owned, 'web', { stack: 'fleet/dev' });
  assert.match(note ?? '', /^web was deployed last by the stack fleet\/prod \(by ann@laptop, 1970/);
  assert.equal(describeForeignOwner(owned, 'web', { stack: 'fleet/prod' }), undefined);
  assert.equal(
    describeForeignOwner(owned, 'web', { stack: 'fleet/dev', takeOverFrom: 'fleet/prod' }),
    undefined,
  );
});
