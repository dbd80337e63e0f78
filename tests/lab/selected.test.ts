/** `npm run fleet -- … --on`: some hosts of a stack of three are evaluated, read and touched, and all else stays. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { statusDocument } from '../../schema/status.ts';
import { type Shown, TestStack } from './stack.ts';

const network = '10.213.92';
/** A line of each host's file, before which a test adds its own. */
const heartbeat = 'services.heartbeat = {';
let stack: TestStack;

before(async () => {
  stack = await TestStack.create({ stack: 'selected', network });
  stack.configure({
    flake: './nix/lab',
    lab: { network: `${network}.0/24`, system: 'imitation' },
    hosts: {
      web: { lab: true, address: `${network}.11`, tags: ['front'] },
      db: { lab: true, address: `${network}.12`, tags: ['back'] },
      edge: { lab: true, address: `${network}.13`, tags: ['front', 'far'] },
    },
  });
});

after(() => stack?.remove());

const fleet = (verb: string, on: string, ...options: string[]): Promise<Shown> =>
  stack.node('commands/fleet/main.ts', [verb, '--on', on, '--stack', stack.stack, '--', ...options]);
const up = async (on: string): Promise<string> => {
  const { exitCode, text } = await fleet('up', on, '--yes', '--skip-preview', '--non-interactive', '--diff');
  assert.equal(exitCode, 0, text);
  return text;
};
/** What the state has of a host, and the stack's outputs of it. */
async function recordOf(host: string) {
  const { deployment } = await stack.exportState();
  const own = deployment.resources
    .filter(({ urn }) => urn.endsWith(`::${host}`))
    .map(({ urn, id, inputs, outputs }) => ({ urn, id, inputs, outputs }))
    .sort((a, b) => a.urn.localeCompare(b.urn));
  return { own, summary: (await stack.output())[host] };
}

test('the first up of two hosts makes and deploys these two alone', async () => {
  const text = await up('@front,!edge,db');
  assert.match(text, /^on db, web: 2 of 3 hosts$/m);
  assert.deepEqual(Object.keys(await stack.live()).sort(), ['db', 'web']);
  assert.deepEqual(Object.keys(await stack.output()).sort(), ['db', 'web']);
  assert.deepEqual((await recordOf('edge')).own, [], 'no machine was made for it');
});

test('a host that was never deployed is added by name', async () => {
  const [web, db] = [await recordOf('web'), await recordOf('db')];
  await up('edge');
  assert.deepEqual(Object.keys(await stack.output()).sort(), ['db', 'edge', 'web']);
  assert.deepEqual(await recordOf('web'), web);
  assert.deepEqual(await recordOf('db'), db);
  assert.match((await stack.preview()).text, /no changes|\d+ unchanged/);
});

test('of two hosts whose configuration changed, the selected one is changed; the other keeps its state and outputs', async () => {
  stack.edit('nix/lab/hosts/web.nix', 'web is alive', 'web is well');
  // A host that cannot even be evaluated is in nobody's way.
  stack.edit('nix/lab/hosts/db.nix', heartbeat, `does.not.exist = true; ${heartbeat}`);
  const [web, db] = [await recordOf('web'), await recordOf('db')];
  const shown = await fleet('preview', 'web', '--diff', '--non-interactive');
  assert.equal(shown.exitCode, 0, shown.text);
  assert.match(shown.text, /web is well|heartbeat/);
  assert.doesNotMatch(shown.text, /does\.not\.exist|::db/);
  await up('web');
  assert.notEqual((await recordOf('web')).summary?.generation, web.summary?.generation);
  assert.deepEqual(await recordOf('db'), db);
  assert.match(await stack.ssh('web', 'cat /run/heartbeat/message'), /web is well/);
  stack.edit('nix/lab/hosts/db.nix', `does.not.exist = true; ${heartbeat}`, heartbeat);
  assert.match((await stack.preview()).text, /no changes|\d+ unchanged/);
});

test('the lockout guard holds on what is selected', async () => {
  const off = `services.openssh.enable = false; ${heartbeat}`;
  for (const host of ['edge', 'db']) stack.edit(`nix/lab/hosts/${host}.nix`, heartbeat, off);
  const refused = await fleet('preview', '@far', '--non-interactive');
  assert.notEqual(refused.exitCode, 0);
  assert.match(refused.text, /edge: the new configuration would lock you out/);
  assert.doesNotMatch(refused.text, /db: the new configuration/);
  const others = await fleet('preview', 'web', '--non-interactive');
  assert.equal(others.exitCode, 0, others.text);
  for (const host of ['edge', 'db']) stack.edit(`nix/lab/hosts/${host}.nix`, off, heartbeat);
});

test('a refresh reads the selected hosts alone', async () => {
  await stack.ssh('db', 'ip link show >/dev/null');
  const db = await recordOf('db');
  const { exitCode, text } = await fleet(
    'refresh',
    'web,edge',
    '--yes',
    '--non-interactive',
    '--skip-preview',
  );
  assert.equal(exitCode, 0, text);
  assert.doesNotMatch(text, /Deployment (::)?db/);
  assert.deepEqual(await recordOf('db'), db);
});

test('a command runs on the selected machines as root, and an interrupt ends it there', async () => {
  const exec = ['commands/exec/main.ts', '--stack', stack.stack, '--on', '@front,db'] as const;
  const { exitCode, stdout, text } = await stack.node(exec[0], [
    ...exec.slice(1),
    '--',
    'sh',
    '-c',
    'echo "$(id -un)" "$0"',
    'a  b',
  ]);
  assert.equal(exitCode, 0, text);
  assert.deepEqual(stdout.split('\n').sort(), [
    '',
    'db   | root a  b',
    'edge | root a  b',
    'web  | root a  b',
  ]);
  assert.match(text, /^3 machines: 3 exit code 0$/m);
  const sleeping = [...exec.slice(1), '--group', '--shell', '--', 'sleep 4731 & sleep 4731'];
  const interrupt = new AbortController();
  const ended = stack.node(exec[0], sleeping, '', { signal: interrupt.signal });
  const sleeps = "grep -qs '[4]731' /proc/[0-9]*/cmdline";
  const hosts = ['web', 'db', 'edge'];
  for (const host of hosts) await stack.ssh(host, `until ${sleeps}; do sleep 0.1; done`);
  interrupt.abort();
  await assert.rejects(ended, /was cancelled/);
  for (const host of hosts) await stack.ssh(host, `while ${sleeps}; do sleep 0.1; done`);
});

test('status reads the selected machines, and a watch prints what changes', async () => {
  const status = (...args: string[]) => ['--stack', stack.stack, '--on', ...args];
  const { exitCode, stdout } = await stack.node(
    'commands/status/main.ts',
    status('@front,@back,!edge', '--json'),
  );
  assert.equal(exitCode, 0);
  const { machines } = statusDocument.parse(JSON.parse(stdout));
  assert.deepEqual(
    machines.map(({ name, readable }) => [name, readable]),
    [
      ['db', true],
      ['web', true],
    ],
  );
  const interrupt = new AbortController();
  const history = '/var/lib/nixos-fleet/history.jsonl';
  const again = `line=$(tail -n 1 ${history} | sed 's/"endedAt":[0-9]*/"endedAt":4102444800/'); echo "$line" >>${history}`;
  let adds: Promise<string> | undefined;
  const lines: string[] = [];
  const watched = stack.node('commands/status/main.ts', status('db', '--watch', '--interval', '1'), '', {
    signal: interrupt.signal,
    onStdoutLine(line) {
      lines.push(line);
      if (/^db .*confirmed$/.test(line)) adds ??= stack.ssh('db', again);
      if (/ db: deployed 2100-01-01T00:00:00Z .*: confirmed$/.test(line)) interrupt.abort();
    },
  });
  await assert.rejects(watched, /was cancelled/);
  await adds;
  assert.match(lines[0] ?? '', /^machine +live/);
});

test('a report has the machines as they were read, and the plan of some', async () => {
  const plan = join(stack.folder, 'plan.jsonl');
  stack.edit('nix/lab/hosts/edge.nix', 'edge is alive', 'edge is well');
  const preview = ['preview', '--on', 'edge', '--events', plan, '--stack', stack.stack];
  const planned = await stack.node('commands/fleet/main.ts', preview);
  assert.equal(planned.exitCode, 0, planned.text);
  stack.edit('nix/lab/hosts/edge.nix', 'edge is well', 'edge is alive');
  const args = ['--live', '--plan', plan, '--stack', stack.stack, '--out', '-'];
  const { exitCode, stdout, text } = await stack.node('commands/report/main.ts', args);
  assert.equal(exitCode, 0, text);
  for (const { system } of Object.values(await stack.live())) assert.ok(stdout.includes(system), system);
  assert.match(stdout, /Read from the machines at/);
  assert.match(stdout, /1 machine changes/);
  assert.match(stdout, /the switch restarts <code>heartbeat<\/code>/);
  assert.match(stdout, /@far <span class="count">1</);
});

test('a selector that names no host says what there is', async () => {
  const { exitCode, text } = await fleet('up', 'edg');
  assert.equal(exitCode, 2);
  assert.match(
    text,
    /edg names no host[\s\S]*hosts: db, edge, web; tags: @back, @far, @front[\s\S]*Did you mean edge\?/,
  );
});
