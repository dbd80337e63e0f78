import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveNote } from '../../../../lib/machine/live-note.ts';
import { type MachineReading, parseReading } from '../../../../lib/machine/parse-reading.ts';
import { Reply } from '../../../../lib/machine/script/reply.ts';

const path = (letter: string) => `/nix/store/${letter.repeat(32)}-nixos-system-web`;
const record = { host: 'web', system: path('a'), revision: '', by: 'ann@laptop', at: '' };
const result = (changes: object) =>
  JSON.stringify({
    unit: 'u',
    host: 'web',
    system: path('a'),
    by: 'ann@laptop',
    previous: path('o'),
    previousGeneration: 1,
    outcome: 'confirmed',
    exitCode: 0,
    failedUnits: [],
    wentBack: 'not-needed',
    rollbackExitCode: null,
    bootId: 'b',
    startedAt: 1790000000,
    endedAt: 1790000001,
    ...changes,
  });
const note = (changes: Partial<MachineReading>, asked?: string) => {
  const reading = parseReading(new Reply('web', { stdout: 'machine-id=m\nend=yes\n' }));
  return liveNote({ ...reading, system: path('a'), ...changes }, 'web', asked);
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
