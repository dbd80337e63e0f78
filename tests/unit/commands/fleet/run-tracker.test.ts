import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunTracker } from '../../../../commands/fleet/run-tracker.ts';
import { FleetError } from '../../../../lib/base/errors.ts';
import { type Happening, runEvent } from '../../../../schema/run-event.ts';
import { messageEvent, recordedEvents, stepEvent } from './recorded.ts';

const deployment = 'nixos:index:Deployment';
const machines = ['web', 'db', 'edge'];

function tracker(more: object = {}): RunTracker {
  return new RunTracker({ machines, ...more }, () => 0);
}

const ended = (events: readonly Happening[]) => events.findLast((each) => each.event === 'run-ended');

test('a real run: each phase of each machine, what was done, and the whole error of what failed', () => {
  const run = tracker();
  const events = [...recordedEvents('update').flatMap((event) => run.take(event)), ...run.end(1)];
  for (const event of events) runEvent.parse({ at: '2026-11-28T20:00:00.000Z', ...event });
  const phases = events.flatMap((each) =>
    each.event === 'phase' && each.machine === 'edge' ? [each.phase] : [],
  );
  assert.deepEqual(
    phases.filter((phase, index) => phase !== phases[index - 1]),
    ['building', 'waiting', 'reading', 'delivering', 'switching', 'confirming', 'rolling-back'],
  );
  const done = events.filter((each) => each.event === 'machine-done');
  assert.deepEqual(
    done.map(({ machine, operation, generation }) => [machine, operation, generation]),
    [
      ['web', 'update', 2],
      ['db', 'update', 2],
    ],
  );
  const [failure, ...more] = events.filter((each) => each.event.endsWith('-failed'));
  assert.deepEqual(more, [], 'each failure once');
  assert.ok(failure?.event === 'machine-failed');
  assert.equal(failure.error.code, 'health-check-failed');
  assert.match(failure.error.why ?? '', /exit code 1\nrolled back to \/nix\/store/);
  assert.match(failure.error.fix ?? '', /journalctl -u nixos-fleet-/);
  assert.deepEqual(ended(events), {
    event: 'run-ended',
    exitCode: 1,
    seconds: 0,
    done: ['web', 'db'],
    failed: ['edge'],
    notBegun: [],
    unchanged: [],
  });
});

test('a real refresh of machines that are as recorded', () => {
  const run = tracker();
  const events = [...recordedEvents('refresh').flatMap((event) => run.take(event)), ...run.end(0)];
  assert.deepEqual(ended(events)?.unchanged, machines);
  assert.equal(
    events.some(({ event }) => event === 'machine-done'),
    false,
  );
});

test('a machine that Pulumi did not come to is not begun, unless the preview found no change', () => {
  const run = tracker({
    operations: new Map([
      ['web', 'update'],
      ['db', 'update'],
      ['edge', 'same'],
    ]),
  });
  run.take(stepEvent('begins', 'nixos:index:System', 'db-system', { machine: 'db' }));
  run.take(stepEvent('ended', 'nixos:index:System', 'db-system', { machine: 'db' }));
  run.take(stepEvent('begins', deployment, 'web'));
  run.take(stepEvent('ended', deployment, 'web'));
  const end = ended(run.end(1));
  assert.deepEqual([end?.done, end?.notBegun, end?.unchanged], [['web'], ['db'], ['edge']]);
});

test('waves begin with their first machine, and pass or fail with their gate', () => {
  const run = tracker();
  const waves = [
    { name: 'canary', hosts: ['web'] },
    { name: 'rest', hosts: ['db', 'edge'] },
  ];
  const stopped = new FleetError({
    code: 'health-check-failed',
    what: 'wave rest did not pass its gate',
    why: 'x',
  }).message;
  const events = [
    stepEvent('begins', 'nixos:index:Rollout', 'fleet', {
      op: 'same',
      machine: undefined,
      inputs: { waves },
    }),
    stepEvent('begins', deployment, 'web'),
    stepEvent('ended', deployment, 'web'),
    stepEvent('begins', 'nixos:index:Wave', 'canary', { machine: '' }),
    stepEvent('ended', 'nixos:index:Wave', 'canary', { machine: '' }),
    stepEvent('begins', deployment, 'db'),
    stepEvent('begins', deployment, 'edge'),
    messageEvent(stopped, { type: 'nixos:index:Wave', name: 'rest', severity: 'error' }),
  ].flatMap((event) => run.take(event));
  const shown = events.filter(({ event }) => event.startsWith('wave-'));
  assert.deepEqual(
    shown.map((each) => [each.event, 'wave' in each && each.wave, 'machines' in each && each.machines]),
    [
      ['wave-began', 'canary', ['web']],
      ['wave-passed', 'canary', ['web']],
      ['wave-began', 'rest', ['db', 'edge']],
      ['wave-failed', 'rest', ['db', 'edge']],
    ],
  );
});

test('a failure that is held back is known at once, and its whole error later', () => {
  const run = tracker();
  const error = new FleetError({
    code: 'build-failed',
    host: 'web',
    what: 'cannot build the system',
    why: 'two\nlines',
  });
  const about = { type: 'nixos:index:System', name: 'web-system' };
  const early = run.take(
    messageEvent(
      'web: cannot build the system [build-failed] (other machines go on; the update ends with this error after them)',
      {
        ...about,
        severity: 'warning',
      },
    ),
  );
  const late = run.take(messageEvent(error.message, { ...about, severity: 'error' }));
  const failures = [...early, ...late].map(
    (each) => each.event === 'machine-failed' && [each.machine, each.error.what, each.error.why],
  );
  assert.deepEqual(failures, [
    ['web', 'cannot build the system', undefined],
    ['web', 'cannot build the system', 'two\nlines'],
  ]);
  assert.deepEqual(
    run.take(stepEvent('failed', about.type, about.name, { machine: 'web' })),
    [],
    'not a third time',
  );
});

test('an error of any other form is kept whole', () => {
  const run = tracker();
  const take = (message: string, more: object = {}) =>
    run.take(messageEvent(message, { severity: 'error', ...more }));
  assert.deepEqual(take('boom\n  at x'), [
    { event: 'run-failed', error: { what: 'boom\n  at x', host: undefined } },
  ]);
  assert.deepEqual(take('denied', { type: 'aws:s3:Bucket', name: 'b' }), [
    { event: 'resource-failed', resource: { type: 'aws:s3:Bucket', name: 'b' }, error: { what: 'denied' } },
  ]);
  assert.deepEqual(take('update failed'), []);
  const [failed] = run.take(stepEvent('failed', deployment, 'db'));
  assert.ok(failed?.event === 'machine-failed' && failed.machine === 'db');
});

test('only secrets of a machine changed', () => {
  const run = tracker();
  const about = { machine: 'web' };
  run.take(stepEvent('begins', 'nixos:index:Secrets', 'web-secrets', about));
  run.take(stepEvent('ended', 'nixos:index:Secrets', 'web-secrets', about));
  for (const name of machines) run.take(stepEvent('ended', deployment, name, { op: 'same' }));
  const [done, end] = run.end(0);
  assert.ok(done?.event === 'machine-done' && done.machine === 'web');
  assert.ok(end?.event === 'run-ended');
  assert.deepEqual([end.done, end.unchanged], [['web'], ['db', 'edge']]);
});

test('a machine that fails after its deployment has failed', () => {
  const run = tracker();
  run.take(stepEvent('begins', deployment, 'web'));
  run.take(stepEvent('ended', deployment, 'web'));
  run.take(
    messageEvent('web: cannot write a file [secret-failed]', {
      type: 'nixos:index:Secrets',
      name: 'web-after',
      severity: 'error',
    }),
  );
  assert.deepEqual(ended(run.end(1))?.failed, ['web']);
});

test('messages that the preview has shown, and notes of the plan, are not repeated', () => {
  const run = tracker({ shown: new Set(['the input nixpkgs is old']) });
  assert.deepEqual(run.take(messageEvent('the input nixpkgs is old', { severity: 'warning' })), []);
  assert.deepEqual(run.take(messageEvent('facts of web:\n  ~ x', { type: deployment, name: 'web' })), []);
  run.take(stepEvent('begins', deployment, 'web'));
  const [note] = run.take(messageEvent('web: the user setup was removed', { type: deployment, name: 'web' }));
  assert.ok(note?.event === 'message' && note.machine === 'web' && note.severity === 'info');
});
