/** Waves of a rollout with five lab machines, which share one configuration. docs/rollouts.md */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ensureLabBase } from '../../lib/local/lab/base.ts';
import { ensureMachine, stopMachine } from '../../lib/local/lab/machine.ts';
import { type Shown, TestStack } from './stack.ts';

const network = '10.213.93';
const lab = 'rollout';
const names = ['m1', 'm2', 'm3', 'm4', 'm5'] as const;
type Name = (typeof names)[number];
const addressOf = (name: Name) => `${network}.1${name.slice(1)}`;
const edge = 'nix/lab/hosts/edge.nix';

let stack: TestStack;
let edition = 0;

before(async () => {
  stack = await TestStack.create({ stack: lab, network });
  // The stack's machines are also handled directly.
  process.env.XDG_STATE_HOME = `${stack.folder}/state`;
});
after(() => stack?.remove());

/** A machine is unhealthy while it has the file /run/broken. */
const healthChecks = { works: { command: 'test ! -e /run/broken', timeoutSeconds: 1 } };

function configure(waves: object[], more: object = {}, canary = 'edge'): void {
  const hosts = names.map((name) => {
    const tags = name === 'm1' ? ['canary'] : [name < 'm4' ? 'eu' : 'us'];
    const configuration = name === 'm1' ? canary : 'edge';
    return [name, { lab: true, address: addressOf(name), configuration, tags, healthChecks }];
  });
  stack.configure({
    flake: './nix/lab',
    lab: { network: `${network}.0/24`, system: 'imitation' },
    hosts: Object.fromEntries(hosts),
    defaults: { connectTimeoutSeconds: 5 },
    rollout: { waves, ...more },
  });
}

const inWaves = [
  { name: 'canary', hosts: '@canary' },
  { name: 'eu', hosts: '@eu', atOnce: 1 },
  { hosts: '@none' },
];

/** Gives all machines another configuration. */
function edit(): void {
  const text = (each: number) => (each === 0 ? 'edge is alive' : `edition ${each} is alive`);
  stack.edit(edge, text(edition), text(edition + 1));
  edition += 1;
}

const up = (...options: string[]): Promise<Shown> =>
  stack.try('up', '--yes', '--skip-preview', '--diff', ...options);
const breakIt = (name: Name) => stack.ssh(name, 'touch /run/broken');
const heal = (name: Name) => stack.ssh(name, 'rm -f /run/broken');

async function start(name: Name): Promise<void> {
  const { base } = await ensureLabBase();
  await ensureMachine({ lab, name, address: addressOf(name), base });
}

/** Whether each machine runs the newest edition or the one before, by itself. */
async function editions(...some: Name[]): Promise<string> {
  const read = some.map(async (name) => {
    const found = Number(/\d+/.exec(await stack.ssh(name, 'cat /run/heartbeat/message'))?.[0] ?? 0);
    return found === edition ? 'new' : found === edition - 1 ? 'old' : `edition ${found}`;
  });
  return (await Promise.all(read)).join(' ');
}
const all = () => editions(...names);

test('the preview shows the plan wave by wave, and the first up follows it', async () => {
  configure(inWaves);
  const preview = await stack.preview();
  assert.match(preview.text, /wave canary: m1 \(1 of 1 machine\)/);
  assert.match(preview.text, /wave eu: m2, m3 \(2 of 2 machines\); 1 at once/);
  assert.match(preview.text, /wave wave3 of the rollout has no host: it counts as passed/);
  assert.match(preview.text, /wave rest: m4, m5 \(2 of 2 machines\)/);
  const { exitCode, text } = await up();
  assert.equal(exitCode, 0, text);
  edit();
  assert.equal((await up()).exitCode, 0);
  assert.equal(await all(), 'new new new new new');
  const live = await stack.live();
  const since = (name: Name) => Date.parse(live[name]?.since ?? '');
  for (const [earlier, later] of [
    ['m1', 'm2'],
    ['m1', 'm3'],
    ['m2', 'm4'],
    ['m3', 'm5'],
  ] as const)
    assert.ok(since(earlier) < since(later), `${earlier} before ${later}`);
  assert.ok(Math.abs(since('m2') - since('m3')) >= 1000, 'one at once');
});

test('a canary that fails stops all later waves, and the next up goes on', async () => {
  edit();
  await breakIt('m1');
  configure(inWaves.slice(0, 2));
  const title = 'A rollout that stops at its canary';
  const { exitCodes, text } = await stack.record('canary', title, ['nixos-fleet up --yes']);
  assert.notDeepEqual(exitCodes, [0]);
  assert.match(text, /m1: .*\[health-check-failed\]/);
  assert.match(text, /not begun: m2…m5/);
  assert.equal(await all(), 'old old old old old');
  await heal('m1');
  assert.equal((await up()).exitCode, 0);
  assert.equal(await all(), 'new new new new new');
});

test('a canary that does not evaluate stops all later waves', async () => {
  configure(inWaves, {}, 'nowhere');
  edit();
  const { exitCode, text } = await up();
  assert.notEqual(exitCode, 0);
  assert.match(
    text,
    /wave canary: 1 machine failed, 0 may[\s\S]*m1: its configuration could not be evaluated/,
  );
  assert.match(text, /waves not begun: eu \(2 machines\), rest \(2 machines\)/);
  assert.equal(await editions('m2', 'm3', 'm4', 'm5'), 'old old old old');
});

test('after a failure in a later wave, the next up goes on there', async () => {
  configure(inWaves);
  await breakIt('m4');
  const { exitCode, text } = await up();
  assert.notEqual(exitCode, 0);
  assert.match(text, /4 machines deployed; failed: m4/);
  assert.equal(await all(), 'new new new old new');
  const { m1 } = await stack.live();
  await heal('m4');
  const again = await up();
  assert.equal(again.exitCode, 0, again.text);
  assert.equal(await all(), 'new new new new new');
  assert.equal((await stack.live()).m1?.since, m1?.since, 'what is deployed is left alone');
});

test('a machine that is off may fail where its wave allows it; the update still ends with its error', async () => {
  configure([{ name: 'eu', hosts: '@canary,@eu', failuresAllowed: 1 }]);
  edit();
  await stopMachine(lab, 'm2');
  const { exitCode, text } = await up();
  assert.notEqual(exitCode, 0);
  assert.match(text, /wave eu: 1 machine failed \(m2\), 1 may: the rollout goes on/);
  assert.match(text, /m2: .*\[unreachable\]/);
  assert.equal(await editions('m1', 'm3', 'm4', 'm5'), 'new new new new');

  edit();
  await breakIt('m3');
  const stopped = await up();
  assert.match(stopped.text, /wave eu: 2 machines failed, 1 may.*\[gate-failed\]/);
  assert.match(stopped.text, /waves not begun: rest \(2 machines\)/);
  assert.equal(await editions('m4', 'm5'), 'old old');
  await heal('m3');
  await start('m2');
  const healed = await up();
  assert.equal(healed.exitCode, 0, healed.text);
  assert.equal(await all(), 'new new new new new');
});

test('a wave that is switched together rolls back together where its gate does not hold', async () => {
  const go = join(stack.folder, 'go');
  const gates = { shop: { command: `test -e ${go}`, timeoutSeconds: 1 } };
  configure([{ name: 'pair', hosts: 'm4,m5', together: true, gates }]);
  edit();
  const { exitCode, text } = await up();
  assert.notEqual(exitCode, 0);
  assert.match(text, /m4: .*\[health-check-failed\][\s\S]*gate shop did not pass within 1 s/);
  assert.match(text, /waves not begun: rest \(3 machines\)/);
  assert.equal(await all(), 'old old old old old');
  const live = await stack.live();
  assert.equal(live.m4?.system, live.m1?.system, 'the state has what they run');
  assert.match((await stack.preview()).text, /wave pair: m4, m5 \(2 of 2 machines\); gate shop|together/);

  writeFileSync(go, '');
  await breakIt('m5');
  const one = await up();
  assert.match(one.text, /m4: .*[\s\S]*m5 of the same wave failed/);
  assert.equal(await all(), 'old old old old old');
  await heal('m5');
  const passed = await up();
  assert.equal(passed.exitCode, 0, passed.text);
  assert.equal(await all(), 'new new new new new');
});

test('with `stage: all`, no machine is switched before each has its system', async () => {
  configure(inWaves, { stage: 'all' });
  edit();
  await stopMachine(lab, 'm5');
  const { exitCode, text } = await up();
  assert.notEqual(exitCode, 0);
  assert.match(text, /m5: .*\[unreachable\]/);
  assert.match(text, /not begun: canary \(1 machine\), eu \(2 machines\), rest \(2 machines\)/);
  assert.equal(await editions('m1', 'm2', 'm3', 'm4'), 'old old old old');
  const kept = await stack.ssh('m4', 'ls -d /nix/var/nix/gcroots/nixos-fleet/*/system | wc -l');
  assert.ok(Number(kept) >= 2, 'the new system is there, and kept');
  await start('m5');
  const again = await up();
  assert.equal(again.exitCode, 0, again.text);
  assert.equal(await all(), 'new new new new new');
});

test('an interrupt in a soak leaves confirmed systems, and the next up soaks what is left', async () => {
  configure([{ name: 'canary', hosts: '@canary', soakMinutes: 0.5 }]);
  edit();
  await stack.interrupted(['up', '--yes', '--skip-preview'], /soaking: /);
  assert.equal(await all(), 'new old old old old');
  const before = (await stack.live()).m1;
  const { exitCode, text } = await up();
  assert.equal(exitCode, 0, text);
  assert.equal(await all(), 'new new new new new');
  const { m1, m2 } = await stack.live();
  assert.equal(m1?.since, before?.since);
  assert.ok(Date.parse(m2?.since ?? '') - Date.parse(m1?.since ?? '') >= 30_000);
});

test('of selected hosts the waves hold, and the others stay as they are', async () => {
  configure(inWaves);
  edit();
  const on = (selectors: string) =>
    stack.node('commands/fleet/main.ts', [
      ...['up', '--on', selectors, '--stack', lab],
      ...['--yes', '--', '--skip-preview'],
    ]);
  await breakIt('m2');
  const stopped = await on('m2,@us,!m5');
  assert.notEqual(stopped.exitCode, 0);
  assert.match(stopped.text, /✗ m2 failed: [\s\S]*\nnot begun: m4\n1 failed, 1 not begun/);
  assert.equal(await all(), 'old old old old old');
  await heal('m2');
  const passed = await on('m2,@us,!m5');
  assert.equal(passed.exitCode, 0, passed.text);
  assert.match(passed.text, /✓ m2 deployed[\s\S]*✓ wave eu passed[\s\S]*✓ m4 deployed/);
  assert.equal(await all(), 'old new old new old');
  const rest = await up();
  assert.equal(rest.exitCode, 0, rest.text);
  assert.equal(await all(), 'new new new new new');
});
