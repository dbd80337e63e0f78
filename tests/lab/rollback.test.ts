/** `npm run rollback`: back and forth between generations, with what the state then says of it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { run } from '../../lib/base/process/run.ts';
import { type Shown, TestStack } from './stack.ts';

const network = '10.213.56';
const host = { lab: true, address: `${network}.11` };
/** Fails under the first system. */
const secondAlone = { second: { command: 'grep -q second /run/heartbeat/message', timeoutSeconds: 2 } };
let stack: TestStack;
let first: string;
let second: string;

const configure = (settings: object = {}) =>
  stack.configure({
    flake: './nix/lab',
    lab: { network: `${network}.0/24`, system: 'imitation' },
    hosts: { edge: { ...host, ...settings } },
  });
const rollback = (...args: string[]): Promise<Shown> =>
  stack.node('commands/rollback/main.ts', [...args, '--stack', stack.stack]);
const live = async () => {
  const { edge } = await stack.live();
  assert.ok(edge);
  return edge;
};
const running = async () => (await stack.ssh('edge', 'readlink -f /run/current-system')).trim();

before(async () => {
  stack = await TestStack.create({ stack: 'rollback', network });
  configure();
  stack.edit('nix/lab/hosts/edge.nix', 'edge is alive', 'first');
  await stack.up();
  first = (await live()).system;
  stack.edit('nix/lab/hosts/edge.nix', 'first', 'second');
  await stack.up();
  second = (await live()).system;
});

after(() => stack?.remove());

test('a machine goes back to its previous system, and the state says so', async () => {
  const { exitCode, text } = await rollback('edge');
  assert.equal(exitCode, 0, text);
  assert.match(text, /^edge: generation 1 of .*: nixos-system-edge/m);
  assert.match(text, /^edge: runs .*, generation 3$/m);
  assert.match(text, /^1 of 1 rolled back; the state is refreshed/m);
  assert.equal(await running(), first);
  const { system, profileSystem, history } = await live();
  assert.deepEqual([system, profileSystem], [first, first]);
  assert.match(history, /^\S+ \S+: nixos-system-edge.*: confirmed$/m);
  assert.equal(history.split('\n').length, 3);
});

test('the next preview shows what an update would change, and the update goes forward again', async () => {
  const { text } = await stack.preview();
  assert.match(text, /~ nixos:index:Deployment[\s\S]*edge[\s\S]*system/);
  assert.match(text, /-.*MESSAGE=first.*\n.*\+.*MESSAGE=second/, 'the facts of the first system are known');
  await stack.up();
  assert.equal(await running(), second);
});

test('a health check that fails under the earlier system keeps the machine on the newer one', async () => {
  configure({ healthChecks: secondAlone });
  await stack.up();
  const { generation } = await live();
  const { exitCode, text } = await rollback('edge');
  assert.equal(exitCode, 1, text);
  assert.match(text, /edge: .*\[health-check-failed\]/);
  assert.match(text, /^0 of 1 rolled back/m);
  assert.equal(await running(), second);
  const now = await live();
  assert.deepEqual([now.system, now.generation], [second, generation]);
  assert.match(now.history, /rejected, rolled back: yes/);
  assert.match((await stack.preview()).text, /\d+ unchanged/);
  configure();
  await stack.up();
});

test('a generation is chosen by its number, and there and back again', async () => {
  const listed = await rollback('edge', '--list');
  assert.equal(listed.exitCode, 0, listed.text);
  assert.deepEqual(
    [...listed.text.matchAll(/^ {2}generation (\d+), \S+: nixos-system-edge\S* \(\w{8}\)(, live)?$/gm)].map(
      ([, number, mark]) => [number, mark !== undefined],
    ),
    [
      ['4', true],
      ['3', false],
      ['2', true],
      ['1', false],
    ],
  );
  const { host, generations } = JSON.parse((await rollback('edge', '--list', '--json')).stdout);
  assert.deepEqual(
    [host, ...generations.map(({ number, live }: { number: number; live: boolean }) => [number, live])],
    ['edge', [4, true], [3, false], [2, true], [1, false]],
  );
  assert.equal(generations[3].system, first);
  const there = await rollback('edge', '--to', '1');
  assert.equal(there.exitCode, 0, there.text);
  assert.equal(await running(), first);
  const back = await rollback('edge', '--to', '2');
  assert.equal(back.exitCode, 0, back.text);
  assert.equal(await running(), second);
  assert.match((await stack.preview()).text, /\d+ unchanged/);
});

test('a generation that the machine does not have is refused with those that it has', async () => {
  const { exitCode, text } = await rollback('edge', '--to', '99');
  assert.equal(exitCode, 1, text);
  assert.match(
    text,
    /edge: there is no generation 99 \[config-invalid\][\s\S]*generation 2, .*: nixos-system/,
  );
  assert.equal(await running(), second);
});

test('a system that this computer has no more is gone back to all the same', async () => {
  await run('nix-store', ['--delete', first], { timeoutSeconds: 60 });
  const { exitCode, text } = await rollback('edge', '--to', '1');
  assert.equal(exitCode, 0, text);
  assert.equal(await running(), first);
});
