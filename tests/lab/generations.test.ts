/** Removal of old generations and garbage on a machine with a real Nix. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { after, before, test } from 'node:test';
import { type Plain, ProviderProcess } from '../contract/provider-process.ts';
import { Deployer } from './deployer.ts';
import { fixtureSystem } from './fixture-system.ts';
import { MachineUnderTest } from './machine-under-test.ts';

const roots = '/nix/var/nix/gcroots/nixos-fleet';
let machine: MachineUnderTest;
let deployer: Deployer;
let systems: string[];

before(async () => {
  machine = await MachineUnderTest.create('generations', '10.213.25');
  deployer = new Deployer(machine.target.connection);
  systems = [];
  for (const n of [1, 2, 3, 4, 5, 6]) systems.push(await fixtureSystem(`generation-${n}`));
});

after(async () => {
  await machine?.remove();
});

const system = (n: number) => systems[n - 1] ?? '';
const numbers = async () =>
  (await machine.run('ls -d /nix/var/nix/profiles/system-*-link'))
    .split('\n')
    .map((link) => Number(/-(\d+)-link$/.exec(link)?.[1]))
    .sort((a, b) => a - b);
const recorded = async () => (await machine.run(`ls ${roots}`)).split('\n').sort();
const names = (...kept: number[]) => kept.map((n) => basename(system(n))).sort();
const age = (...old: number[]) =>
  machine.run(old.map((n) => `touch -d '2 hours ago' ${roots}/${basename(system(n))}`).join('\n'));

test('every generation is kept by default', async () => {
  for (const n of [1, 2, 3, 4]) await deployer.up(system(n));
  assert.deepEqual(await numbers(), [1, 2, 3, 4]);
  assert.deepEqual(await recorded(), names(1, 2, 3, 4));
});

test('the newest, the booted and the previous generation are kept, and records of the last hour', async () => {
  await machine.run(`ln -sfn ${system(1)} /run/booted-system`);
  await age(1, 2);
  await deployer.up(system(5), { keepGenerations: { count: 1 } });
  assert.deepEqual(await numbers(), [1, 4, 5]);
  assert.deepEqual(await recorded(), names(1, 3, 4, 5));
  assert.equal(deployer.live.generation, 5);
  assert.equal(await machine.run('cat /boot/loader/installed'), 'generation-5');
  assert.equal(await machine.run(`ls -d ${system(2)}`), system(2), 'no garbage is collected by default');
  assert.equal(await machine.run('ls /run/nixos-fleet/holder 2>/dev/null || true'), '');
});

test('the function machine returns what the machine runs, as its deployment has it', async () => {
  const provider = await ProviderProcess.start();
  try {
    const { connection } = machine.target;
    const known = Object.fromEntries(Object.entries(connection).filter(([, value]) => value !== undefined));
    const { result, failures } = await provider.invoke('nixos:index:machine', { connection: known as Plain });
    assert.deepEqual(failures, []);
    assert.deepEqual(result, deployer.live);
    assert.equal(result.generation, 5);
  } finally {
    await provider.end();
  }
});

test('collectGarbage keeps the live, the booted and the previous system', async () => {
  await age(1, 3, 4);
  await machine.run('touch -h -d "3 days ago" /nix/var/nix/profiles/system-4-link');
  await deployer.up(system(6), { keepGenerations: { days: 2 }, collectGarbage: true });
  assert.deepEqual(await numbers(), [1, 5, 6]);
  const present = await machine.run(
    `for s in ${systems.slice(0, 6).join(' ')}; do [ ! -e $s ] || echo $s; done`,
  );
  assert.deepEqual(present.split('\n'), [system(1), system(5), system(6)]);
  assert.match(deployer.lines.join('\n'), /store paths deleted/);
});

test('a deployment that fails removes nothing', async () => {
  const bad = await fixtureSystem('generation-bad', { test: 'exit 2' });
  await assert.rejects(deployer.up(bad, { keepGenerations: { count: 1 }, collectGarbage: true }));
  assert.deepEqual(await numbers(), [1, 5, 6]);
});

test('a boot menu that cannot be updated is a warning: the new system stays live', async () => {
  const once = await fixtureSystem('boots-once', {
    boot: '[ ! -e /run/second ] || exit 1; touch /run/second',
  });
  await deployer.up(once, { keepGenerations: { count: 1 } });
  assert.equal(deployer.live.system, once);
  assert.equal(deployer.live.profileSystem, once);
  assert.match(deployer.lines.join('\n'), /not all old ones were removed: the boot menu/);
});
