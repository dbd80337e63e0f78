import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EvaluationProgress, progressLine } from '../../../../lib/evaluation/progress.ts';

test('the progress line counts configurations and seconds', () => {
  assert.equal(progressLine(3, 0, 4.2), 'evaluating 3 configurations … 4 s');
  assert.equal(progressLine(3, 1, 0), 'evaluating 3 configurations (1 done) … 0 s');
  assert.equal(progressLine(1, 0, 0), 'evaluating 1 configuration … 0 s');
});

test('progress is reported ever more rarely: a minute has few lines (fault 78)', (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  const reported: string[] = [];
  const progress = new EvaluationProgress(2, (message) => reported.push(message.replace(/.*… /, '')));
  for (let second = 0; second < 60; second++) t.mock.timers.tick(1000);
  progress.end();
  t.mock.timers.tick(60_000);
  assert.deepEqual(reported, ['0 s', '1 s', '2 s', '3 s', '5 s', '8 s', '12 s', '18 s', '27 s', '41 s']);
});
