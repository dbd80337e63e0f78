import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EvaluationProgress, progressLine } from '../../../../lib/evaluation/progress.ts';

test('the progress line counts configurations and seconds', () => {
  assert.equal(progressLine(3, 0, 4.2), 'evaluating 3 configurations … 4 s');
  assert.equal(progressLine(3, 1, 0), 'evaluating 3 configurations (1 done) … 0 s');
  assert.equal(progressLine(1, 0, 0), 'evaluating 1 configuration … 0 s');
});

test('progress is reported each second until the end', (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  const reported: string[] = [];
  const progress = new EvaluationProgress(2, (message) => reported.push(message));
  t.mock.timers.tick(1000);
  progress.targetDone();
  progress.end();
  t.mock.timers.tick(5000);
  assert.deepEqual(reported, [
    'evaluating 2 configurations … 0 s',
    'evaluating 2 configurations … 1 s',
    'evaluating 2 configurations (1 done) … 1 s',
  ]);
});
