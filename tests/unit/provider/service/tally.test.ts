import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../../../lib/base/errors.ts';
import { PartialFailure } from '../../../../provider/resource.ts';
import { RolloutRun } from '../../../../provider/rollout/rollout-run.ts';
import { RepeatedNotes } from '../../../../provider/service/repeated-notes.ts';
import { Tally } from '../../../../provider/service/tally.ts';
import { rolloutInputs } from '../../../../schema/rollout.ts';

const noWaves = new RolloutRun(async () => {});

const noRoom = new FleetError({
  code: 'no-room',
  what: 'too little free space in /nix',
  host: 'm10',
  why: 'x',
});
const off = new FleetError({ code: 'unreachable', what: 'the machine does not answer', host: 'm11' });

test('the closing line counts the machines and names each failure with its reason (fault 57)', () => {
  const tally = new Tally();
  for (const host of ['m1', 'm2', 'm3']) tally.deployed(host);
  tally.failed('m11', off);
  tally.failed('m10', new PartialFailure('id', {}, noRoom));
  assert.equal(
    tally.close(noWaves),
    '3 machines deployed; failed: m10: too little free space in /nix; m11: the machine does not answer',
  );
  assert.equal(tally.close(noWaves), undefined, 'once');
});

test('a machine counts once: by its first failure, and not as deployed', () => {
  const tally = new Tally();
  tally.deployed('m10');
  tally.deployed('m1');
  tally.failed('m10-secret', noRoom);
  tally.failed('m10', new Error('later'));
  assert.equal(tally.close(noWaves), '1 machine deployed; failed: m10: too little free space in /nix');
});

test('a run with one machine has no closing line', () => {
  const tally = new Tally();
  tally.failed('m10', noRoom);
  assert.equal(tally.close(noWaves), undefined);
});

test('an error that is a bug has a reason, too', () => {
  const tally = new Tally();
  tally.deployed('m1');
  tally.failed('m2', new TypeError('x is not a function'));
  assert.equal(tally.close(noWaves), '1 machine deployed; failed: m2: x is not a function');
});

test('equal facts of several machines are shown once (fault 57)', () => {
  const notes = new RepeatedNotes();
  const block = '\n  + packages.jq: "1.7"\n  + packages.git: "2"';
  assert.equal(notes.shorten('m1', `facts of m1:${block}`), `facts of m1:${block}`);
  assert.equal(notes.shorten('m2', `facts of m2:${block}`), 'facts of m2: the same as of m1');
  assert.equal(notes.shorten('m3', `facts of m3:${block}x`), `facts of m3:${block}x`);
  assert.equal(notes.shorten('m1', `facts of m1:${block}`), `facts of m1:${block}`, 'asked again');
  assert.equal(notes.shorten('m2', 'reboot due after this'), 'reboot due after this');
});

test('what waves left undone is named', () => {
  const run = new RolloutRun(async () => {});
  const waves = [
    { name: 'canary', hosts: ['a'] },
    { name: 'eu', hosts: ['b', 'c', 'd', 'e'], failuresAllowed: 1 },
    { name: 'rest', hosts: ['f', 'g'] },
  ];
  run.begin(rolloutInputs.parse({ waves }));
  const stopped = (host: string) => new FleetError({ code: 'wave-stopped', what: 'not begun', host });
  const tally = new Tally();
  tally.deployed('a');
  tally.failed('b', new FleetError({ code: 'unreachable', what: 'off', host: 'b' }));
  assert.match(String(tally.close(run)), /^1 machine deployed; failed: b: off$/, 'which is allowed');
  tally.failed('c', new FleetError({ code: 'unreachable', what: 'off', host: 'c' }));
  tally.failed('d', stopped('d'));
  assert.equal(
    tally.close(run),
    '1 machine deployed; failed: b: off; c: off; not begun: d; waves not begun: rest (2 machines)',
  );

  const gate = new Tally();
  gate.deployed('a');
  gate.stopped('canary', new FleetError({ code: 'gate-failed', what: 'wave canary did not pass its gate' }));
  assert.equal(
    gate.close(run),
    '1 machine deployed; wave canary did not pass its gate; waves not begun: eu (4 machines), rest (2 machines)',
  );
});
