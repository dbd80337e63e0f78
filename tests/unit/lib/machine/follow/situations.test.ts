import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  judgeReboot,
  judgeSwitch,
  type SwitchMemory,
  type SwitchReply,
  situations,
} from '../../../../../lib/machine/follow/situations.ts';

const memory: SwitchMemory = { bootId: 'a', repliedAt: 0, endedSince: undefined, answered: false };
const running: SwitchReply = { phase: 'activating', state: 'running', bootId: 'a', hasResult: false };
const judge = (reply: Partial<SwitchReply> | undefined, change: Partial<SwitchMemory> = {}, now = 1000) =>
  judgeSwitch(reply && { ...running, ...reply }, { ...memory, ...change }, now, 60_000)[0];

test('silence and noise are no answer, until the limit (faults 48, 60)', () => {
  assert.equal(judge(undefined), 'no-answer');
  assert.equal(judge(undefined, {}, 60_000), 'lost');
  assert.equal(judge({ state: 'unknown' }), 'systemd-silent');
  assert.equal(judge({ state: 'ended' }), 'no-result-yet');
  assert.equal(judge({ state: 'ended' }, { endedSince: 1000 }, 15_999), 'no-result-yet');
  assert.equal(judge({ state: 'ended' }, { endedSince: 1000 }, 16_000), 'no-result');
  const [, next] = judgeSwitch(running, { ...memory, endedSince: 1000 }, 2000, 60_000);
  assert.deepEqual([next.endedSince, next.repliedAt], [undefined, 2000]);
});

test('a switch has ended where there is a result and the unit has ended', () => {
  assert.equal(judge({ hasResult: true }), 'result-early');
  assert.equal(judge({ hasResult: true, state: 'unknown' }), 'result-early');
  assert.equal(judge({ hasResult: true, state: 'ended' }), 'result');
  assert.equal(judge({ hasResult: true, phase: 'finished' }), 'result');
  assert.equal(judge({ bootId: 'b', state: 'ended' }), 'another-boot');
  assert.equal(judge({ bootId: 'b', state: 'ended', hasResult: true }), 'result');
});

test('a waiting supervisor is answered until the answer has reached it (fault 51)', () => {
  assert.equal(judge({ phase: 'waiting' }), 'waiting');
  assert.equal(judge({ phase: 'waiting', state: 'unknown' }), 'waiting');
  assert.equal(judge({ phase: 'waiting' }, { answered: true }), 'working');
});

test('a reboot whose request was not answered is requested again (fault 65)', () => {
  assert.equal(judgeReboot(undefined, { bootId: 'a' }, false), 'no-answer');
  assert.equal(judgeReboot({ bootId: 'a' }, { bootId: 'a' }, true), 'same-boot');
  assert.equal(judgeReboot({ bootId: 'a' }, { bootId: 'a' }, false), 'same-boot-unrequested');
  assert.equal(judgeReboot({ bootId: 'b' }, { bootId: 'a' }, false), 'next-boot');
});

test('docs/reliability.md contains the table of situations', () => {
  const docs = readFileSync(new URL('../../../../../docs/reliability.md', import.meta.url), 'utf8');
  for (const { seen, meaning, done } of Object.values(situations))
    assert.ok(docs.includes(`| ${seen} | ${meaning} | ${done} |\n`), `| ${seen} | ${meaning} | ${done} |`);
});
