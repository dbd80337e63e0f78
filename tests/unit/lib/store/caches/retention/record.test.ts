import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgedRecords } from '../../../../../../lib/store/caches/retention/collect.ts';
import { recordFile } from '../../../../../../lib/store/caches/retention/folder.ts';
import {
  emptyRecord,
  judged,
  type RootsRecord,
  rootsOf,
  withoutMachine,
  withoutSystems,
  withPushed,
} from '../../../../../../lib/store/caches/retention/record.ts';
import { keep } from '../../../../../../schema/cache-retention.ts';

const day = (n: number) => new Date(Date.UTC(2026, 10, n));
/** Pushed one a day, from the first of the month on. */
const pushed = (...systems: string[]): RootsRecord =>
  systems.reduce((record, system, index) => withPushed(record, system, day(index + 1)), emptyRecord);
const givenUp = ({ pushed }: RootsRecord) =>
  pushed.filter(({ givenUpAt }) => givenUpAt !== undefined).map(({ system }) => system);
const none = new Set<string>();

test('the newest stay, and those that are young; the last one always does', () => {
  const record = pushed('a', 'b', 'c', 'd');
  assert.deepEqual(givenUp(judged(record, { generations: 2 }, none, day(9))), ['a', 'b']);
  assert.deepEqual(givenUp(judged(record, { days: 7 }, none, day(9))), ['a', 'b']);
  assert.deepEqual(givenUp(judged(record, { days: 1 }, none, day(30))), ['a', 'b', 'c']);
  assert.deepEqual(givenUp(judged(record, { generations: 1, days: 6.5 }, none, day(9))), ['a', 'b']);
});

test('what any machine has is never given up, and what comes back is given up no longer', () => {
  const record = judged(pushed('a', 'b', 'c'), { generations: 1 }, new Set(['a']), day(5));
  assert.deepEqual(givenUp(record), ['b']);
  assert.deepEqual(givenUp(judged(record, { generations: 1 }, new Set(['b']), day(6))), ['a']);
  assert.deepEqual(givenUp(judged(withPushed(record, 'b', day(6)), { generations: 1 }, none, day(6))), [
    'a',
    'c',
  ]);
});

test('what was given up goes after the grace, counted from when that was found', () => {
  const first = judged(pushed('a', 'b'), { generations: 1 }, none, day(5));
  const later = judged(first, { generations: 1 }, none, day(6));
  assert.deepEqual(first, later, 'the time stays the first one');
  const { needed, givenUp, next } = rootsOf([later], 48, day(6));
  assert.deepEqual([[...needed], [...givenUp], next], [['a', 'b'], [], day(7)]);
  const over = rootsOf([later], 48, day(7));
  assert.deepEqual([[...over.needed], [...over.givenUp], over.next], [['b'], ['a'], undefined]);
});

test('what one stack gave up and another needs stays', () => {
  const mine = judged(pushed('a', 'b'), { generations: 1 }, none, day(5));
  assert.deepEqual([...rootsOf([mine, pushed('a')], 0, day(9)).givenUp], []);
  assert.deepEqual([...rootsOf([mine, { ...emptyRecord, has: ['a'] }], 0, day(9)).givenUp], []);
  assert.deepEqual([...rootsOf([mine, withoutMachine(pushed('a'), day(1))], 0, day(9)).givenUp], ['a']);
});

test('a machine that is none of the stack’s any more needs nothing', () => {
  const gone = withoutMachine({ ...pushed('a', 'b'), has: ['a'] }, day(5));
  assert.deepEqual([givenUp(gone), gone.has], [['a', 'b'], []]);
  assert.deepEqual(withoutSystems(gone, new Set(['a', 'b'])), emptyRecord);
});

test('a machine that could not be asked has what it had, and other stacks’ records stay as they are', () => {
  const place = (stack: string) => recordFile({ project: 'fleet', stack, machine: 'web' });
  const others = pushed('x', 'y', 'z');
  const before = new Map([
    [place('prod'), { ...pushed('a', 'b', 'c'), has: ['a', 'b'] }],
    [place('dev'), others],
  ]);
  const request = { project: 'fleet', stack: 'prod', keep: keep.parse({ generations: 1 }), now: day(9) };
  const unasked = judgedRecords(before, { ...request, machines: { web: { systems: ['c'] } } });
  assert.deepEqual(unasked.get(place('prod'))?.has, ['a', 'b', 'c']);
  assert.deepEqual(givenUp(unasked.get(place('prod')) ?? emptyRecord), []);
  const asked = judgedRecords(before, { ...request, machines: { web: { systems: ['c'], has: ['b'] } } });
  assert.deepEqual(givenUp(asked.get(place('prod')) ?? emptyRecord), ['a']);
  assert.equal(asked.get(place('dev')), others);
  const next = { ...request, machines: { web: { systems: [], has: [], pushes: 'd' } } };
  assert.deepEqual(givenUp(judgedRecords(before, next).get(place('prod')) ?? emptyRecord), ['a', 'b', 'c']);
});
