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

test('a system without a record is foreign', () => {
  assert.equal(note({}), `web runs ${path('a')}, which nixos-fleet did not deploy`);
});

test('a deployed system that is not the last one was switched to by other means', () => {
  assert.match(
    note({ record, lastResult: result({ system: path('n') }) }) ?? '',
    /^web runs \S*a{32}\S*, and not \S*n{32}\S*, on which the last deployment, by ann@laptop at 2026-/,
  );
  const wentBack = result({
    system: path('n'),
    outcome: 'not-confirmed',
    wentBack: 'yes',
    previous: path('o'),
  });
  assert.match(note({ record, lastResult: wentBack }) ?? '', /and not \S*o{32}/);
});

test('nothing is said of a machine that is as it was left, or as it is asked for', () => {
  assert.equal(note({ record, lastResult: result({}) }), undefined);
  const wentBack = result({ system: path('n'), outcome: 'killed', wentBack: 'yes', previous: path('a') });
  assert.equal(note({ record, lastResult: wentBack }), undefined);
  assert.equal(note({ record }), undefined, 'adopted without a switch');
  assert.equal(note({}, path('a')), undefined);
  assert.equal(note({ system: '' }), undefined);
});
