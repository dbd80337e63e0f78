/** What a machine's shell replies about a switch, with a stand-in for systemd. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { scriptFile } from '../../../../../lib/machine/script/text.ts';
import {
  followScript,
  followVariables,
  type News,
  newsIn,
  type Progress,
  parseProgress,
} from '../../../../../lib/machine/switch/follow-script.ts';
import { SwitchOutput } from '../../../../../lib/machine/switch/switch-output.ts';
import { Sandbox } from './sandbox.ts';

const unit = 'nixos-fleet-1';
const claimScript = scriptFile('../../../../../lib/machine/switch/claim.sh', import.meta.url);
const confirmScript = scriptFile('../../../../../lib/machine/switch/confirm.sh', import.meta.url);

function machine(context: TestContext): Sandbox {
  const sandbox = new Sandbox();
  context.after(() => rmSync(sandbox.root, { recursive: true, force: true }));
  sandbox.install(sandbox.system('old'));
  sandbox.prepare(sandbox.system('new'));
  return sandbox;
}

function look(
  sandbox: Sandbox,
  seen: Parameters<typeof followVariables>[1] = { phase: 'starting', offset: 0 },
): Progress | undefined {
  const variables = { ...followVariables(unit, seen), wait_seconds: 0 };
  return parseProgress(sandbox.script(followScript, { variables }));
}

test('only an explicit inactive or failed of systemd is the end (faults 48, 60)', (context) => {
  const sandbox = machine(context);
  const answers = {
    inactive: 'ended',
    failed: 'ended',
    activating: 'running',
    reloading: 'running',
    '': 'unknown',
  };
  for (const [answer, state] of Object.entries(answers)) {
    sandbox.write('unit-state', `${answer}\n`);
    assert.equal(look(sandbox)?.state, state, answer);
  }
  sandbox.command('systemctl', 'echo "Failed to connect to system scope bus" >&2; exit 1');
  assert.equal(look(sandbox)?.state, 'unknown');
  sandbox.command('timeout', 'exit 124');
  assert.equal(look(sandbox)?.state, 'unknown', 'a question that is left unanswered');
});

test('a result is read from /run where /var has none (fault 2)', (context) => {
  const sandbox = machine(context);
  assert.equal(look(sandbox)?.result, undefined);
  sandbox.write(`run/nixos-fleet/units/${unit}/result.json`, '{');
  assert.equal(look(sandbox)?.unreadable, '{');
  sandbox.write(`var/lib/nixos-fleet/results/${unit}.json`, '[]');
  assert.equal(look(sandbox)?.unreadable, '[]');
});

test('news come while the switch goes on, and what was printed is not repeated', (context) => {
  const sandbox = machine(context);
  sandbox.write('unit-state', 'active\n');
  sandbox.write(`run/nixos-fleet/units/${unit}/phase`, 'activating\n');
  sandbox.write(`run/nixos-fleet/units/${unit}/log`, 'stopping units\nstar');
  const variables = followVariables(unit, { phase: 'starting', offset: 0, waitSeconds: 2 });
  const reply = sandbox.script(followScript, { variables });
  const news: News[] = [];
  const hear = newsIn((each) => news.push(each));
  for (const line of reply.list('news')) hear(`news=${line}`);
  assert.deepEqual(news, [{ phase: 'activating', offset: 19, output: 'stopping units\nstar' }]);
  const { phase, state, offset, output } = parseProgress(reply) ?? {};
  assert.deepEqual([phase, state, offset, output], ['activating', 'running', 19, '']);
  // What came after the last news.
  assert.equal(look(sandbox, { phase: 'activating', offset: 9 })?.output, 'units\nstar');
});

test('the offset is the length of the log, and a log that was truncated begins anew', (context) => {
  const sandbox = machine(context);
  for (const length of [0, 1, 2, 3, 56, 57, 58, 59, 114, 2000]) {
    const log = 'x'.repeat(length);
    sandbox.write(`run/nixos-fleet/units/${unit}/log`, log);
    for (const offset of [0, 1, length].filter((each) => each <= length)) {
      const seen = look(sandbox, { phase: 'checking', offset });
      assert.deepEqual([seen?.offset, seen?.output], [length, log.slice(offset)], `${offset} of ${length}`);
    }
    const truncated = look(sandbox, { phase: 'checking', offset: length + 1 });
    assert.deepEqual([truncated?.offset, truncated?.output], [length, log]);
  }
});

test('news that were cut off do not count, and lines are shown whole', () => {
  const shown: string[] = [];
  const seen = new SwitchOutput((line) => shown.push(line));
  const hear = newsIn((news) => seen.add(news));
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const whole = `news=activating 19 ${base64('stopping units\nstar')} end`;
  for (let length = 0; length < whole.length; length += 1) hear(whole.slice(0, length));
  assert.deepEqual([shown, seen.offset], [[], 0]);
  hear(whole);
  hear(`news=activating 29 ${base64('ting units')} end`);
  hear('news=activating 29  end');
  assert.deepEqual(shown, ['stopping units', 'activating the new system']);
  hear(`news= 0 ${base64('\n')} end`);
  assert.deepEqual(shown.slice(2), ['starting units']);
  assert.deepEqual([seen.phase, seen.log], ['activating', 'stopping units\nstarting units\n']);
});

test('a folder that was removed in mid-switch is no news (fault 58)', (context) => {
  const sandbox = machine(context);
  sandbox.write('unit-state', 'active\n');
  rmSync(sandbox.directory, { recursive: true });
  const { phase, state, offset } = look(sandbox) ?? {};
  assert.deepEqual([phase, state, offset], ['', 'running', 0]);
});

test('another live system is rejected, with the reason (fault 55)', (context) => {
  const sandbox = machine(context);
  const variables = { unit, activated: `${sandbox.root}/nix/store/new`, token: 't', reason: '' };
  assert.equal(sandbox.script(confirmScript, { variables }).text('answer'), 'reject');
  assert.match(sandbox.read(`run/nixos-fleet/units/${unit}/reject`), /^the live system is \S+\/old, not/);
  const activated = `${sandbox.root}/nix/store/old`;
  assert.equal(
    sandbox.script(confirmScript, { variables: { ...variables, activated } }).text('answer'),
    'confirm',
  );
  assert.equal(sandbox.read(`run/nixos-fleet/units/${unit}/confirm`), 't');
});

test('a start without an answer is claimed: it has happened, or never will (fault 18)', (context) => {
  const sandbox = machine(context);
  const claimed = (unit: string, reason = '') =>
    sandbox.script(claimScript, { variables: { unit, reason } }).text('state');
  assert.equal(claimed(unit), 'started');
  assert.equal(claimed(unit, 'cancelled'), 'started');
  assert.equal(sandbox.read(`run/nixos-fleet/units/${unit}/reject`), 'cancelled');
  assert.equal(claimed('nixos-fleet-2'), 'not-started');
  assert.equal(claimed('nixos-fleet-2'), 'started', 'its folder is there: start.sh makes it, or fails');
});
