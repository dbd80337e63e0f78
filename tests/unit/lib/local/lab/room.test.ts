import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inotifyProblem, memoryProblem } from '../../../../../lib/local/lab/room.ts';

test('too few inotify instances for another lab machine: the sysctl is named (fault 59)', () => {
  assert.equal(inotifyProblem('m1', 122, 128), undefined);
  const problem = inotifyProblem('m21', 123, 128);
  assert.equal(problem?.code, 'lab-failed');
  assert.equal(problem?.why, '123 of 128 are in use, and a machine needs 6');
  assert.match(problem?.fix ?? '', /sysctl fs\.inotify\.max_user_instances=1024/);
});

test('too little memory for another lab machine', () => {
  assert.equal(memoryProblem('m1', 256), undefined);
  const problem = memoryProblem('m21', 255.9);
  assert.equal(problem?.code, 'lab-failed');
  assert.match(problem?.why ?? '', /^255 MiB are available, and 256 MiB are needed/);
});
