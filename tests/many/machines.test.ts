/** A stack with as many lab machines as MACHINES says: adopted, deployed to in waves, interrupted. docs/rollouts.md */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../../lib/base/process/run.ts';
import { ensureLabBase } from '../../lib/local/lab/base.ts';
import { ensureMachine, stopMachine } from '../../lib/local/lab/machine.ts';
import { statusDocument } from '../../schema/status.ts';
import { type Shown, TestStack } from '../lab/stack.ts';
import { rows } from '../lab/terminal.ts';

const count = Math.max(10, Number(process.env.MACHINES ?? 30));
const network = '10.213.94';
const lab = 'many';
/** The stack that takes over what the lab's own stack made. */
const stackName = 'prod';
const edge = 'nix/lab/hosts/edge.nix';
const names = Array.from({ length: count }, (_, index) => `m${String(index + 1).padStart(2, '0')}`);
const groups = ['canary', 'eu', 'us', 'ap'] as const;
type Group = (typeof groups)[number];
const groupOf = (name: string): Group => {
  const place = names.indexOf(name) / count;
  if (place === 0) return 'canary';
  return place < 0.4 ? 'eu' : place < 0.7 ? 'us' : 'ap';
};
const members = (group: Group) => names.filter((name) => groupOf(name) === group);
const addressOf = (name: string) => `${network}.${10 + names.indexOf(name)}`;
const canary = 'm01';

let stack: TestStack;
let identityFile: string;
const hostKeys: Record<string, string> = {};
let edition = 0;

/** A machine is unhealthy while it has the file /run/broken. */
const healthChecks = { whole: { command: 'test ! -e /run/broken', timeoutSeconds: 1 } };

const inWaves = [
  { name: 'canary', hosts: '@canary' },
  { name: 'eu', hosts: '@eu', atOnce: 5 },
  { name: 'empty', hosts: '@nowhere' },
  { name: 'us', hosts: '@us' },
];

function configure(waves: object[] | undefined): void {
  const hosts = names.map((name) => [
    name,
    {
      address: addressOf(name),
      identityFile,
      hostKey: hostKeys[name],
      takeOverFrom: `nixos-fleet/${lab}`,
      configuration: 'edge',
      tags: [groupOf(name)],
      healthChecks,
    },
  ]);
  const config = {
    flake: './nix/lab',
    lab: {},
    hosts: Object.fromEntries(hosts),
    defaults: { connectTimeoutSeconds: 10 },
    ...(waves ? { rollout: { waves } } : {}),
  };
  const keys = Object.entries(config).map(([key, value]) => [`nixos-fleet:${key}`, value]);
  stack.write(`Pulumi.${stackName}.yaml`, JSON.stringify({ config: Object.fromEntries(keys) }));
}

/** Gives all machines another configuration. */
function edit(): void {
  const text = (each: number) => (each === 0 ? 'edge is alive' : `edition ${each} is alive`);
  stack.edit(edge, text(edition), text(edition + 1));
  edition += 1;
}

async function on(name: string, script: string): Promise<string> {
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
  const args = ['-i', identityFile, ...options.flatMap((each) => ['-o', each])];
  const command = [...args, `root@${addressOf(name)}`, 'sh -s'];
  return (await run('ssh', command, { input: script, timeoutSeconds: 120 })).stdout;
}
const onAll = (script: string) => Promise.all(names.map((name) => on(name, script)));

async function start(name: string): Promise<void> {
  const { base } = await ensureLabBase();
  await ensureMachine({ lab, name, address: addressOf(name), base });
}

const upOptions = ['up', '--yes', '--stack', stackName];
const up = (...more: string[]): Promise<Shown> =>
  stack.node('commands/fleet/main.ts', [...upOptions, ...more], '', { timeoutSeconds: 2400 });

/** Passes where the whole output fits on two screens. */
function assertShort({ text }: Shown): void {
  const lines = text.trimEnd().split('\n').length;
  console.log(`${text.trimEnd()}\n--- ${lines} lines`);
  assert.ok(lines <= 2 * rows, `${lines} lines`);
}

/** How many machines of each group run the newest edition, by themselves. */
async function newest(): Promise<Record<Group, number>> {
  const read = await Promise.all(
    names.map(async (name) => {
      const message = await on(name, 'cat /run/heartbeat/message');
      return [groupOf(name), message.includes(`edition ${edition} `)] as const;
    }),
  );
  const counts = groups.map((group) => [group, read.filter((each) => each[0] === group && each[1]).length]);
  return Object.fromEntries(counts);
}

const whole = Object.fromEntries(groups.map((group) => [group, members(group).length]));
const none = Object.fromEntries(groups.map((group) => [group, 0]));

/** What all machines run, once no switch lasts: one that was interrupted may still roll back. */
async function statusOfAll() {
  for (;;) {
    const { stdout } = await stack.node('commands/status/main.ts', ['--json', '--stack', stackName]);
    const { machines } = statusDocument.parse(JSON.parse(stdout));
    if (!machines.some((machine) => machine.readable && machine.deploying)) return machines;
  }
}

/** Fails unless each machine runs and boots a system that was confirmed, and that the state records. */
async function assertConfirmed(): Promise<void> {
  const machines = await statusOfAll();
  assert.equal(machines.length, count);
  for (const machine of machines) {
    const said = JSON.stringify(machine);
    assert.ok(machine.readable, said);
    const confirmed = machine.deployments.find(({ outcome }) => outcome === 'confirmed');
    // One that was not deployed to runs what it was created with.
    if (confirmed) assert.equal(machine.system, confirmed.system, said);
    assert.equal(machine.bootSystem, machine.system, said);
    assert.equal(machine.drifted, false, said);
  }
}

before(async () => {
  stack = await TestStack.create({ stack: lab, network });
  // The stack's machines are also handled directly.
  process.env.XDG_STATE_HOME = `${stack.folder}/state`;
  const hosts = names.map((name) => [name, { lab: true, address: addressOf(name), configuration: 'edge' }]);
  stack.configure({
    flake: './nix/lab',
    lab: { network: `${network}.0/24`, system: 'imitation' },
    hosts: Object.fromEntries(hosts),
  });
  await stack.up();
  const { deployment } = await stack.exportState();
  for (const { type, urn, inputs } of deployment.resources) {
    if (type !== 'nixos:index:Deployment') continue;
    const connection = inputs.connection as { hostKey: string; identityFile: string };
    hostKeys[urn.replace(/.*::/, '')] = connection.hostKey;
    identityFile = connection.identityFile;
  }
  await stack.pulumi('stack', 'init', stackName, '--no-select');
});
after(() => stack?.remove());

test('all are taken over by one command that switches none', async () => {
  configure(inWaves);
  const fingerprint = () =>
    onAll(
      'readlink -f /run/current-system /nix/var/nix/profiles/system; ls /nix/var/nix/profiles; stat -c %Y /run/current-system; cat /proc/sys/kernel/random/boot_id /var/lib/nixos-fleet/history.jsonl',
    );
  const before = await fingerprint();
  const shown = await stack.node('commands/adopt/main.ts', ['--stack', stackName], '', {
    timeoutSeconds: 900,
  });
  assert.equal(shown.exitCode, 0, shown.text);
  assert.match(shown.text, new RegExp(`^${count} hosts taken over; nothing was switched`, 'm'));
  const first = await up();
  assert.equal(first.exitCode, 0, first.text);
  assert.deepEqual(await fingerprint(), before);
});

test('a preview of the same change for all fits on two screens, wave by wave', async () => {
  edit();
  const preview = ['preview', '--stack', stackName];
  const plain = await stack.node('commands/fleet/main.ts', preview, '', { timeoutSeconds: 900 });
  assertShort(plain);
  assert.match(plain.text, new RegExp(`m01…m${count} \\(${count}\\)`));
  const inTerminal = await stack.inTerminal('commands/fleet/main.ts', preview);
  assertShort(inTerminal);
  for (const { text, exitCode } of [plain, inTerminal]) {
    assert.equal(exitCode, 0, text);
    assert.match(text, /wave canary: m01/);
    assert.match(text, /wave empty .*has no host/);
  }
});

test('a canary that fails, or is off, stops all other waves', async () => {
  await on(canary, 'touch /run/broken');
  const failed = await up('--', '--skip-preview');
  assert.notEqual(failed.exitCode, 0);
  assertShort(failed);
  assert.match(failed.text, /m01: .*\[health-check-failed\]/);
  assert.deepEqual(await newest(), none);
  await on(canary, 'rm /run/broken');
  await stopMachine(lab, canary);
  const off = await up('--', '--skip-preview');
  assert.notEqual(off.exitCode, 0);
  assertShort(off);
  assert.match(off.text, /m01: .*\[unreachable\]/);
  await start(canary);
  assert.deepEqual(await newest(), none);
  await assertConfirmed();
});

test('after a failure in the third wave, the next up goes on there', async () => {
  const broken = members('us').at(-1) ?? '';
  await on(broken, 'touch /run/broken');
  const failed = await up('--', '--skip-preview');
  assert.notEqual(failed.exitCode, 0);
  assertShort(failed);
  assert.match(failed.text, new RegExp(`${broken}: .*\\[health-check-failed\\]`));
  assert.deepEqual(await newest(), { ...whole, us: members('us').length - 1, ap: 0 });
  await assertConfirmed();
  await on(broken, 'rm /run/broken');
  const passed = await up('--', '--skip-preview');
  assert.equal(passed.exitCode, 0, passed.text);
  assertShort(passed);
  assert.deepEqual(await newest(), whole);
});

test('in a terminal the whole output of an up fits on two screens', async () => {
  edit();
  const shown = await stack.inTerminal('commands/fleet/main.ts', upOptions);
  assert.equal(shown.exitCode, 0, shown.text);
  assertShort(shown);
  assert.deepEqual(await newest(), whole);
});

test('a wave that is switched together rolls back together where its gate does not hold', async () => {
  const go = join(stack.folder, 'go');
  const gates = { shop: { command: `test -e ${go}`, timeoutSeconds: 1 } };
  configure([{ name: 'pair', hosts: '@ap', together: true, gates }]);
  edit();
  const systems = async () => Object.values(await stack.live(stackName)).map(({ system }) => system);
  const before = await systems();
  const failed = await up('--', '--skip-preview', '--parallel', String(count));
  assert.notEqual(failed.exitCode, 0);
  assertShort(failed);
  assert.match(failed.text, /gate shop did not pass within 1 s/);
  assert.deepEqual(await newest(), none);
  assert.deepEqual(await systems(), before, 'the state has what they run');
  await assertConfirmed();
  writeFileSync(go, '');
  const passed = await up('--', '--skip-preview', '--parallel', String(count));
  assert.equal(passed.exitCode, 0, passed.text);
  assert.deepEqual(await newest(), whole);
});

/** What is shown when each phase of a rollout begins. */
const phases: [string, RegExp][] = [
  ['the evaluation', /"event":"run-began"/],
  ['the builds', /"phase":"building"/],
  ['a delivery', /"phase":"delivering"/],
  ['the check of a new system', /"phase":"checking"/],
  ['a switch', /"phase":"switching"/],
  ['a confirmation', /"phase":"confirming"/],
  ['a soak', /soaking: /],
  ['a later wave', /"event":"wave-began","wave":"us"/],
];

test('an interrupt in any phase leaves each machine on a confirmed system', async (context) => {
  configure(inWaves.map((wave) => (wave.name === 'canary' ? { ...wave, soakMinutes: 0.1 } : wave)));
  for (const [name, pattern] of phases)
    await context.test(name, async () => {
      edit();
      const args = [...upOptions, '--events', '-', '--', '--skip-preview'];
      const text = await stack.interruptedNode('commands/fleet/main.ts', args, pattern);
      assert.match(text, /"event":"interrupted"/);
      await assertConfirmed();
    });
  const passed = await up('--', '--skip-preview');
  assert.equal(passed.exitCode, 0, passed.text);
  assert.deepEqual(await newest(), whole);
  await assertConfirmed();
});
