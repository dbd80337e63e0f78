import assert from 'node:assert/strict';
import { test } from 'node:test';
import { soak, soakEnd } from '../../../../../provider/resources/wave/soak.ts';
import { plannedWave } from '../../../../../schema/rollout.ts';
import { FakeClock } from '../../../fake-clock.ts';

const { signal } = new AbortController();
const at = (seconds: number) => new Date(seconds * 1000).toISOString();
const outcomes = {
  a: { kind: 'deployed', since: at(1000) },
  b: { kind: 'deployed', since: at(1300) },
  c: { kind: 'failed', why: 'off' },
} as const;

test('a soak counts from the machine that was switched last', () => {
  assert.equal(soakEnd(10, outcomes), (1300 + 600) * 1000);
  assert.equal(soakEnd(10, { c: outcomes.c }), 600_000, 'long over');
});

/** Soaks with a clock that goes on by itself; returns the status lines. */
async function soaked(settings: object, beginSeconds: number) {
  const clock = new FakeClock();
  const lines: string[] = [];
  let isDone = false;
  const wave = plannedWave.parse({ name: 'eu', hosts: ['a', 'b'], ...settings });
  const ended = soak(
    wave,
    { machines: {} },
    outcomes,
    { signal, status: (line) => lines.push(line) },
    { clock, now: () => beginSeconds * 1000 + clock.now() },
  ).finally(() => {
    isDone = true;
  });
  ended.catch(() => {});
  while (!isDone) await clock.pass(1000);
  await ended;
  return { lines, seconds: clock.now() / 1000 };
}

test('it takes what is left of it', async () => {
  const { lines, seconds } = await soaked({ soakMinutes: 10 }, 1840);
  assert.ok(seconds >= 60 && seconds < 65, String(seconds));
  assert.match(lines.join('\n'), /^soaking: 59 s of 10 min left\nsoaking: 29 s of 10 min left$/);
  assert.ok((await soaked({ soakMinutes: 10 }, 5000)).seconds < 2, 'it is over');
});
