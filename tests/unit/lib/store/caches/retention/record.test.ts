import assert from 'node:assert/strict';
import { test } from 'node:test';
import { updateRecords } from '../../../../../../lib/store/caches/retention/collect.ts';
import { recordFile } from '../../../../../../lib/store/caches/retention/folder.ts';
import {
  emptyRecord,
  markGivenUp,
  type RootsRecord,
  rootsOf,
  withoutMachine,
  withoutSystems,
  withPushed,
} from '../../../../../../lib/store/caches/retention/record.ts';
import { keep } from '../../../../../../schema/cache-retention.ts';

const day = (n: number) => new Date(Date.UTC(2026, 10, n));
/** One system pushed per day, starting with the first of the month. */
const pushed = (...systems: string[]): RootsRecord =>
  systems.reduce((record, system, index) => withPushed(record, system, day(index + 1)), emptyRecord);
const givenUp = ({ pushed }: RootsRecord) =>
  pushed.filter(({ givenUpAt }) => givenUpAt !== undefined).map(({ system }) => system);
const none = new Set<string>();

test('the newest systems and those of the last days stay; the last one always does', () => {
  const record = pushed('a', 'b', 'c', 'd');
  assert.deepEqual(givenUp(markGivenUp(record, { generations: 2 }, none, day(9))), ['a', 'b']);
  assert.deepEqual(givenUp(markGivenUp(record, { days: 7 }, none, day(9))), ['a', 'b']);
  assert.deepEqual(givenUp(markGivenUp(record, { days: 1 }, none, day(30))), ['a', 'b', 'c']);
  assert.deepEqual(givenUp(markGivenUp(record, { generations: 1, days: 6.5 }, none, day(9))), ['a', 'b']);
});

test('a system that any machine has is not given up, and one that is needed again is no longer given up', () => {
  const record = markGivenUp(pushed('a', 'b', 'c'), { generations: 1 }, new Set(['a']), day(5));
  assert.deepEqual(givenUp(record), ['b']);
  assert.deepEqual(givenUp(markGivenUp(record, { generations: 1 }, new Set(['b']), day(6))), ['a']);
  assert.deepEqual(givenUp(markGivenUp(withPushed(record, 'b', day(6)), { generations: 1 }, none, day(6))), [
    'a',
    'c',
  ]);
});

test('a given up system is removed after the grace period, which starts when it was first given up', () => {
  const first = markGivenUp(pushed('a', 'b'), { generations: 1 }, none, day(5));
  const later = markGivenUp(first, { generations: 1 }, none, day(6));
  assert.deepEqual(first, later, 'the time stays the first one');
  const { needed, givenUp, next } = rootsOf([later], 48, day(6));
  assert.deepEqual([[...needed], [...givenUp], next], [['a', 'b'], [], day(7)]);
  const over = rootsOf([later], 48, day(7));
  assert.deepEqual([[...over.needed], [...over.givenUp], over.next], [['b'], ['a'], undefined]);
});

test('a system that one stack gave up and another one needs stays', () => {
  const mine = markGivenUp(pushed('a', 'b'), { generations: 1 }, none, day(5));
  assert.deepEqual([...rootsOf([mine, pushed('a')], 0, day(9)).givenUp], []);
  assert.deepEqual([...rootsOf([mine, { ...emptyRecord, has: ['a'] }], 0, day(9)).givenUp], []);
  assert.deepEqual([...rootsOf([mine, withoutMachine(pushed('a'), day(1))], 0, day(9)).givenUp], ['a']);
});

test('a machine that no longer belongs to the stack needs nothing', () => {
  const gone = withoutMachine({ ...pushed('a', 'b'), has: ['a'] }, day(5));
  assert.deepEqual([givenUp(gone), gone.has], [['a', 'b'], []]);
  assert.deepEqual(withoutSystems(gone, new Set(['a', 'b'])), emptyRecord);
});

test('a machine that could not be read keeps its recorded systems, and records of other stacks do not change', () => {
  const place = (stack: string) => recordFile({ project: 'fleet', stack, machine: 'web' });
  const others = pushed('x', 'y', 'z');
  const before = new Map([
    [place('prod'), { ...pushed('a', 'b', 'c'), has: ['a', 'b'] }],
    [place('dev'), others],
  ]);
  const request = { project: 'fleet', stack: 'prod', keep: keep.parse({ generations: 1 }), now: day(9) };
  const unread = updateRecords(before, { ...request, machines: { web: { systems: ['c'] } } });
  assert.deepEqual(unread.get(place('prod'))?.has, ['a', 'b', 'c']);
  assert.deepEqual(givenUp(unread.get(place('prod')) ?? emptyRecord), []);
  const read = updateRecords(before, { ...request, machines: { web: { systems: ['c'], has: ['b'] } } });
  assert.deepEqual(givenUp(read.get(place('prod')) ?? emptyRecord), ['a']);
  assert.equal(read.get(place('dev')), others);
  const next = { ...request, machines: { web: { systems: [], has: [], pushes: 'd' } } };
  assert.deepEqual(givenUp(updateRecords(before, next).get(place('prod')) ?? emptyRecord), ['a', 'b', 'c']);
});
