import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { Display, type DisplayOptions } from '../../../../commands/fleet/display.ts';
import { noPaint } from '../../../../commands/fleet/paint.ts';
import { PlanTracker } from '../../../../commands/fleet/plan-tracker.ts';
import { askToGoOn } from '../../../../commands/fleet/question.ts';
import { Region } from '../../../../commands/fleet/region.ts';
import { RunTracker } from '../../../../commands/fleet/run-tracker.ts';
import type { Clock } from '../../../../lib/base/clock.ts';
import type { Happening } from '../../../../schema/run-event.ts';
import { recordedEvents } from './recorded.ts';

process.env.XDG_CACHE_HOME = mkdtempSync(join(tmpdir(), 'display-'));

/** A terminal, as far as this program uses one: its lines, with those that have scrolled away. */
class Screen {
  readonly columns: number;
  readonly rows: number;
  lines: string[] = [''];
  written = '';

  constructor(columns = 80, rows = 24) {
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): boolean {
    this.written += text;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal reads
    for (const [part] of text.matchAll(/\x1b\[\??\d*[a-zA-Z]|\r|\n|[^\x1b\r\n]+/g)) this.#take(part);
    return true;
  }

  #take(part: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a terminal reads
    const [, count, action] = /^\x1b\[\??(\d*)([a-zA-Z])$/.exec(part) ?? [];
    if (action === 'A') {
      assert.ok(Number(count) < this.rows, 'only what is on the screen can be erased');
      this.lines.splice(
        -Number(count) - 1,
        Number.POSITIVE_INFINITY,
        ...this.lines.slice(-Number(count) - 1),
      );
      this.#row = this.lines.length - 1 - Number(count);
    } else if (action === 'J') {
      this.lines.splice(this.#row, Number.POSITIVE_INFINITY, '');
    } else if (part === '\n') {
      this.lines.push('');
      this.#row = this.lines.length - 1;
    } else if (part !== '\r' && action === undefined) {
      this.lines[this.#row] += part;
    }
  }

  #row = 0;

  get text(): string {
    return this.lines.join('\n').trimEnd();
  }
}

/** Time that a test lets pass. */
class Ticks implements Clock {
  time = 0;
  waiting: (() => void)[] = [];
  now = () => this.time;
  after = (_: number, callback: () => void) => {
    this.waiting.push(callback);
    return () => {
      this.waiting = this.waiting.filter((each) => each !== callback);
    };
  };
  pass(milliseconds: number): void {
    this.time += milliseconds;
    for (const callback of this.waiting.splice(0)) callback();
  }
}

function displayOn(screen: Screen, more: Partial<DisplayOptions> = {}): Display {
  return new Display(screen as never, {
    action: 'up',
    skipPreview: false,
    isTerminal: false,
    details: false,
    paint: noPaint,
    ...more,
  });
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `web${index + 1}`);
const began = (machines: string[], of = machines.length): Happening => ({
  event: 'run-began',
  format: 1,
  action: 'up',
  stack: undefined,
  machines,
  of,
});

function realRun(): Happening[] {
  const machines = ['web', 'db', 'edge'];
  const plan = new PlanTracker(machines, () => 0);
  const planned = [...recordedEvents('preview').flatMap((event) => plan.take(event)), ...plan.end(0)];
  const run = new RunTracker({ machines, operations: plan.operations, shown: plan.shown }, () => 0);
  return [
    began(machines),
    ...planned,
    ...recordedEvents('update').flatMap((event) => run.take(event)),
    ...run.end(1),
  ];
}

test('a real run without a terminal: the plan, a line for each machine, and each error once, whole', () => {
  const screen = new Screen(120);
  const display = displayOn(screen);
  for (const event of realRun()) display.take(event);
  const [, after = ''] = screen.text.split('as its machines have from the start\n');
  assert.match(screen.text, /^3 machines change\ndb, edge, web \(3\):\n/);
  assert.equal(
    after,
    `✓ web deployed in 0 s, generation 2
✓ db deployed in 0 s, generation 2
✗ edge failed: the new system was rejected [health-check-failed]
edge: the new system was rejected [health-check-failed]
  why:  health check always did not pass within 3 s: exit code 1
        rolled back to /nix/store/9hnkdqnnmb3ji69n9j6vpb4iy0fqqc45-nixos-system-edge-lab-2.36-9+deb12u14
  fix:  Fix the reason of the rejection, then deploy again.
        The whole log, on the machine: journalctl -u nixos-fleet-20261128-203733-708e8a
2 machines deployed, 1 failed (0 s)`,
  );
  assert.ok(!screen.written.includes('\x1b'), 'no control sequences');
});

test('on a terminal, what is worked on is drawn below and leaves nothing behind', () => {
  const screen = new Screen(60);
  const clock = new Ticks();
  const display = displayOn(screen, { isTerminal: true, clock });
  const seen: string[] = [];
  for (const event of realRun()) {
    display.take(event);
    clock.pass(1000);
    seen.push(screen.text);
  }
  assert.ok(
    seen.some((text) =>
      /^edge {2}switching: stopping the following units: heartbeat…$|^edge {2}switching/m.test(text),
    ),
  );
  assert.ok(seen.some((text) => /^\d of 3 done, \d at work/m.test(text)));
  assert.doesNotMatch(screen.text, /switching|at work/);
  assert.match(screen.text, /^✓ web deployed/m);
  assert.match(screen.text, /2 machines deployed, 1 failed \(0 s\)$/);
  assert.equal(clock.waiting.length, 0, 'no timer is left');
});

test('thirty machines take at most two screens, with and without a terminal', () => {
  const machines = numbered(30);
  const events: Happening[] = [
    began(machines),
    ...machines.map((machine, index) => ({
      event: 'machine-planned' as const,
      machine,
      operation: 'update' as const,
      consequences: [
        'the switch restarts nginx, sshd; reloads dbus-broker',
        ...(index % 7 === 0 ? ['reboot due after this: kernel parameters change'] : []),
      ],
      changes: Array.from({ length: 40 }, (_, line) => `~ units["unit-${line % (index + 3)}.service"]`),
      closure: [
        'expected: 12 packages change version',
        '~ openssl: 3.5.1 → 3.5.2',
        'to build: 3 derivations; to copy: 4 paths, about 7 MiB',
      ],
    })),
    { event: 'preview-ended', exitCode: 0 },
    ...machines.map((machine) => ({
      event: 'phase' as const,
      machine,
      phase: 'switching' as const,
      text: 'activating the new system',
    })),
    ...machines.slice(1).map((machine) => ({
      event: 'machine-done' as const,
      machine,
      operation: 'update' as const,
      seconds: 75,
    })),
    {
      event: 'machine-failed',
      machine: 'web1',
      seconds: 1,
      error: { code: 'unreachable', what: 'cannot connect', why: 'no route to host', fix: 'Look at it.' },
    },
    {
      event: 'run-ended',
      exitCode: 1,
      seconds: 80,
      done: machines.slice(1),
      failed: ['web1'],
      notBegun: [],
      unchanged: [],
    },
  ];
  for (const isTerminal of [false, true]) {
    const screen = new Screen();
    const clock = new Ticks();
    const display = displayOn(screen, { isTerminal, clock });
    for (const event of events) {
      display.take(event);
      clock.pass(1000);
      assert.ok(screen.lines.length <= 2 * screen.rows, `${screen.lines.length} lines`);
    }
    assert.match(screen.text, /^✓ web2…web4 deployed in 1 min 15 s$/m);
    assert.match(screen.text, /^✗ web1 failed: cannot connect \[unreachable\]$/m);
    assert.match(
      screen.text,
      /web1: cannot connect \[unreachable\]\n {2}why: {2}no route to host\n {2}fix: {2}Look at it\.\n29 machines deployed, 1 failed \(1 min 20 s\)$/,
    );
  }
});

test('the same error of many machines is told once, with all that is known of it', () => {
  const screen = new Screen();
  const display = displayOn(screen, { skipPreview: true });
  const machines = numbered(3);
  display.take(began(machines, 5));
  for (const machine of machines) {
    const error = { code: 'unreachable', what: `cannot connect to ${machine}.example.org`, why: 'timeout' };
    display.take({
      event: 'machine-failed',
      machine,
      seconds: 1,
      error: { code: 'unreachable', what: error.what },
    });
    display.take({ event: 'machine-failed', machine, seconds: 1, error });
  }
  display.take({
    event: 'run-ended',
    exitCode: 1,
    seconds: 2,
    done: [],
    failed: machines,
    notBegun: ['db1', 'db2'],
    unchanged: [],
  });
  assert.equal(
    screen.text,
    `on web1…web3: 3 of 5 hosts
✗ web1 failed: cannot connect to web1.example.org [unreachable]
✗ web2 failed: cannot connect to web2.example.org [unreachable]
✗ web3 failed: cannot connect to web3.example.org [unreachable]
web1…web3: cannot connect to web1.example.org [unreachable]
  why:  timeout
not begun: db1, db2
3 failed, 2 not begun (2 s)`,
  );
});

test('of thirty machines that fail alike, the first is named at once, others together, and the error is there once', () => {
  const screen = new Screen(200);
  const display = displayOn(screen, { skipPreview: true });
  const machines = numbered(30);
  display.take(began(machines));
  const failed = (machine: string, fix?: string): Happening => ({
    event: 'machine-failed',
    machine,
    seconds: 1,
    error: { code: 'health-check-failed', what: 'the new system was rejected', fix },
  });
  for (const machine of machines) display.take(failed(machine));
  machines.forEach((machine, index) => {
    display.take(failed(machine, `journalctl -u nixos-fleet-20261128-2356${index + 10}-0a${index + 10}`));
  });
  display.take({
    event: 'run-ended',
    exitCode: 1,
    seconds: 2,
    done: [],
    failed: machines,
    notBegun: [],
    unchanged: [],
  });
  const lines = screen.text.split('\n');
  assert.equal(lines[0], '✗ web1 failed: the new system was rejected [health-check-failed]');
  assert.equal(lines[1], '✗ web2…web4 failed: the new system was rejected [health-check-failed]');
  assert.deepEqual(lines.slice(-3), [
    'web1…web30: the new system was rejected [health-check-failed]',
    "  fix:  journalctl -u 'nixos-fleet-*'",
    '30 failed (2 s)',
  ]);
  assert.equal(lines.length, 14);
});

test('warnings of the preview are told once for all machines, and an interrupt is announced', () => {
  const screen = new Screen(200);
  const display = displayOn(screen);
  for (const machine of numbered(3))
    display.take({
      event: 'message',
      severity: 'warning',
      machine,
      text: `${machine}: was switched by other means`,
    });
  display.take({ event: 'message', severity: 'info', text: '1 of 3 evaluated' });
  display.take({ event: 'preview-ended', exitCode: 0 });
  display.take({ event: 'interrupted' });
  assert.equal(
    screen.text.replace(/interrupted: .*/, 'interrupted'),
    `nothing changes
web1…web3: warning: was switched by other means
1 of 3 evaluated
interrupted`,
  );
});

test('a region is never higher than the terminal, nor its lines wider', () => {
  const screen = new Screen(20, 10);
  const region = new Region(screen as never);
  region.draw(Array.from({ length: 50 }, (_, index) => `${index} ${'x'.repeat(100)}`));
  assert.ok(screen.lines.length <= 9);
  assert.ok(screen.lines.every((line) => line.length < 20));
  region.print(['stays']);
  region.draw([]);
  assert.equal(screen.text, 'stays');
});

test('the question is asked until the answer is yes or no', async () => {
  const ask = async (...answers: string[]) => {
    const input = new PassThrough();
    let details = 0;
    const answer = askToGoOn('up', { input, output: new PassThrough() }, () => details++);
    for (const each of answers) {
      input.write(`${each}\n`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    input.end();
    return [await answer, details];
  };
  assert.deepEqual(await ask('yes'), [true, 0]);
  assert.deepEqual(await ask('maybe', 'details', 'd', 'Y'), [true, 2]);
  assert.deepEqual(await ask('no'), [false, 0]);
  assert.deepEqual(await ask(), [false, 0], 'the end of the input is no');
});
