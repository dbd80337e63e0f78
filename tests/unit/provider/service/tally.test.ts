import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../../../lib/base/errors.ts';
import { PartialFailure } from '../../../../provider/resource.ts';
import { RepeatedNotes } from '../../../../provider/service/repeated-notes.ts';
import { Tally } from '../../../../provider/service/tally.ts';

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
    tally.close(),
    '3 machines deployed; failed: m10: too little free space in /nix; m11: the machine does not answer',
  );
  assert.equal(tally.close(), undefined, 'once');
});

test('a machine counts once: by its first failure, and not as deployed', () => {
  const tally = new Tally();
  tally.deployed('m10');
  tally.deployed('m1');
  tally.failed('m10-secret', noRoom);
  tally.failed('m10', new Error('later'));
  assert.equal(tally.close(), '1 machine deployed; failed: m10: too little free space in /nix');
});

test('a run with one machine has no closing line', () => {
  const tally = new Tally();
  tally.failed('m10', noRoom);
  assert.equal(tally.close(), undefined);
});

test('an error that is a bug has a reason, too', () => {
  const tally = new Tally();
  tally.deployed('m1');
  tally.failed('m2', new TypeError('x is not a function'));
  assert.equal(tally.close(), '1 machine deployed; failed: m2: x is not a function');
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
