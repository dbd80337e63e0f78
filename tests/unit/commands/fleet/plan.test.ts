import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fittingPlan, planLines, wholeRoom } from '../../../../commands/fleet/plan-text.ts';
import { PlanTracker } from '../../../../commands/fleet/plan-tracker.ts';
import { type Happening, runEvent } from '../../../../schema/run-event.ts';
import { messageEvent, recordedEvents, stepEvent } from './recorded.ts';

// Closures that this computer knows from elsewhere would be told exactly.
process.env.XDG_CACHE_HOME = mkdtempSync(join(tmpdir(), 'plan-'));

const numbered = (count: number, prefix = 'web') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
type Planned = Extract<Happening, { event: 'machine-planned' }>;
const planned = (machine: string, more: Partial<Planned> = {}): Planned => ({
  event: 'machine-planned',
  machine,
  operation: 'update',
  consequences: [],
  changes: [],
  closure: [],
  ...more,
});
const text = (plan: readonly Happening[], width = 80, height = 40) =>
  fittingPlan(plan, width, height).join('\n');

test('the plan of a real preview tells equal changes of machines once', () => {
  const tracker = new PlanTracker(['web', 'db', 'edge']);
  const events = [...recordedEvents('preview').flatMap((event) => tracker.take(event)), ...tracker.end(0)];
  for (const event of events) runEvent.parse({ at: '2026-11-28T20:00:00.000Z', ...event });
  assert.equal(
    text(events, 100),
    `3 machines change
db, edge, web (3):
  the switch restarts heartbeat
  facts: units["heartbeat.service"]
db, edge:
  the switch reloads dbus
  packages: + jq 1.6-2.1+deb12u3 (probably), + libjq1-files 1.6-2.1+deb12u3 (probably), + libonig5-files 6.9.8-1 (probably)
edge, web:
  the switch reloads firewall
  facts: units["firewall.service"], + firewall.tcp.443: true
to build: up to 6 derivations a machine; to copy: 21 paths, about 2 MiB in all`,
  );
  assert.deepEqual([...tracker.operations.values()], ['update', 'update', 'update']);
});

test('the whole plan has the changed lines of units, and all that is known of packages', () => {
  const plan = ['a', 'b'].map((name) =>
    planned(name, {
      changes: [
        '~ units["x.service"]',
        '    - Environment="X=1"',
        '    + Environment="X=2"',
        '+ firewall.tcp.443: true',
      ],
      closure: [
        'expected: 1 package changes version',
        '~ jq: 1.7 → 1.8, in 3 packages, probably',
        'to copy: 2 paths, about 1 MiB',
      ],
    }),
  );
  assert.equal(
    planLines(plan, wholeRoom).join('\n'),
    `2 machines change
a, b:
  ~ units["x.service"]
      - Environment="X=1"
      + Environment="X=2"
  + firewall.tcp.443: true
  expected: 1 package changes version
  ~ jq: 1.7 → 1.8, in 3 packages, probably
  to copy: 2 paths, about 1 MiB
to copy: 4 paths, about 2 MiB in all`,
  );
});

test('the changes of forty machines are one group, and what one has besides is another', () => {
  const same = {
    consequences: [
      'the switch restarts nginx, sshd; reloads dbus-broker',
      'reboot due after this: kernel 6.18.37 → 6.18.40',
    ],
    closure: [
      'expected: 1 package changes version',
      '~ openssl: 3.5.1 → 3.5.2, in 41 packages',
      'to build: 12 derivations; to copy: 40 paths, about 20 MiB',
    ],
  };
  const plan = numbered(40).map((name) =>
    planned(name, name === 'web7' ? { ...same, changes: ['+ firewall.tcp.443: true'] } : same),
  );
  assert.equal(
    text(plan),
    `40 machines change
web1…web40 (40):
  reboot due after this: kernel 6.18.37 → 6.18.40
  the switch restarts nginx, sshd; reloads dbus-broker
  packages: openssl 3.5.1 → 3.5.2
web7: facts: + firewall.tcp.443: true
to build: up to 12 derivations a machine; to copy: 1600 paths, about 800 MiB in all`,
  );
});

test('thirty machines that all differ fit into the room that there is', () => {
  const plan = numbered(30).map((name, index) =>
    planned(name, {
      consequences: [`the switch restarts unit-${index}, other-${index}`],
      changes: Array.from({ length: 50 }, (_, line) => `~ units["unit-${index}-${line}.service"]`),
    }),
  );
  for (const width of [40, 80, 200]) {
    const lines = fittingPlan(plan, width, 44);
    const rows = lines.reduce((sum, line) => sum + Math.ceil(line.length / width), 0);
    assert.ok(rows <= 44, `${rows} rows of ${width} columns`);
    assert.match(lines.join('\n'), /^30 machines change/);
    assert.match(lines.join('\n'), /more/);
  }
});

test('new, adopted and unchanged machines are counted; one without other changes is named', () => {
  const plan = [
    planned('a', { operation: 'create' }),
    planned('b', { operation: 'import' }),
    planned('c', { operation: 'same' }),
    planned('d'),
  ];
  assert.equal(
    text(plan),
    `1 machine changes, 1 machine is new, 1 machine is adopted, 1 machine unchanged
a: new
b: adopted
d: settings of the deployment`,
  );
  assert.equal(text([]), 'nothing changes');
});

test('other resources are told alike, too', () => {
  const tracker = new PlanTracker(['web']);
  const secrets = numbered(12, 'web').map((name) =>
    stepEvent('begins', 'nixos:index:Secrets', name, { machine: 'web' }),
  );
  const gone = stepEvent('begins', 'nixos:index:Deployment', 'old', { op: 'delete' });
  for (const event of [...secrets, gone]) tracker.take(event);
  assert.equal(
    text(tracker.end(0)),
    `13 other resources change
Deployment old is removed from the stack
Secrets web1…web12 change`,
  );
});

test('errors, warnings and notes of a preview are events; what the plan tells anyway is not', () => {
  const tracker = new PlanTracker(['web']);
  const about = { type: 'nixos:index:Deployment', name: 'web' };
  const events = [
    messageEvent('the input nixpkgs is 90 days old', { severity: 'warning' }),
    messageEvent('facts of web:\n  ~ x', about),
    messageEvent('closure of web: the same as of db', about),
    messageEvent('wave canary: web', { type: 'nixos:index:Wave', name: 'canary' }),
    messageEvent('the policy forbids it', { ...about, severity: 'error' }),
  ].flatMap((event) => tracker.take(event));
  const all = [...events, ...tracker.end(1)];
  assert.deepEqual(
    all.map((each) => [each.event, 'text' in each ? each.text : 'error' in each ? each.error.what : '']),
    [
      ['message', 'the input nixpkgs is 90 days old'],
      ['machine-failed', 'the policy forbids it'],
      ['message', 'wave canary: web'],
      ['preview-ended', ''],
    ],
  );
  assert.deepEqual(
    tracker.ended(1).map((each) => each.event === 'run-ended' && each.failed),
    [['web']],
  );
});
