/**
 * The demo on a computer that reaches a binary cache with NixOS: its lab machines run NixOS. The cache is a folder with the lab's
 * systems, of real NixOS modules with Debian's programs; the systems are removed from this computer's store, so that they come from there.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run, runToEnd } from '../../lib/base/process/run.ts';
import { ensureLabBase } from '../../lib/local/lab/base.ts';
import { TestStack } from '../lab/stack.ts';
import { nixosFlake } from './nixos-flake.ts';

const network = '10.213.74';
const hosts = ['web', 'db', 'edge'];
const config = 'Pulumi.labnixos.yaml';
const nixConfig = process.env.NIX_CONFIG ?? '';
let stack: TestStack;
let removed = false;
let cache: string;
/** NixOS system that new machines boot, and those of the hosts. */
let first: string;
let systems: Record<string, string>;

before(async () => {
  stack = await TestStack.create({ stack: 'labnixos', network, system: 'auto' });
  const nixpkgs = await nixosFlake(join(stack.folder, 'nixpkgs'));
  stack.edit(
    config,
    'config:\n',
    `config:\n  nixos-fleet:overrideInputs:\n    nixos/nixpkgs: ${JSON.stringify(nixpkgs)}\n`,
  );
  // Nobody else's systems, so that they can be removed from the store.
  stack.edit('nix/lab/hosts/web.nix', 'Hello from the fleet.', `Hello from ${stack.folder}.`);
  const lab = join(stack.folder, 'project/nix/lab');
  const overrides = {
    ...(await ensureLabBase()).overrideInputs,
    nixos: `path:${lab}/nixos`,
    'nixos/nixpkgs': nixpkgs,
  };
  const outputs = [
    ...hosts.map((name) => `${name}.config.system.build.toplevel`),
    'web.config.system.build.labFirst',
  ];
  const built = await nix(
    'build',
    ...['--no-link', '--print-out-paths'],
    ...Object.entries(overrides).flatMap(([name, reference]) => ['--override-input', name, reference]),
    ...outputs.map((output) => `path:${lab}#nixosConfigurations.${output}`),
  );
  const paths = built.trim().split('\n');
  systems = Object.fromEntries(hosts.map((name, index) => [name, paths[index] ?? '']));
  first = paths[hosts.length] ?? '';
  cache = `file://${stack.folder}/cache?trusted=true`;
  await nix('copy', '--to', `file://${stack.folder}/cache?compression=none`, ...paths);
  await run('nix-store', ['--delete', ...paths], { timeoutSeconds: 300 });
});

after(async () => {
  process.env.NIX_CONFIG = nixConfig;
  if (stack && !removed) await stack.remove();
});

async function nix(...args: string[]): Promise<string> {
  const all = ['--extra-experimental-features', 'nix-command flakes', ...args];
  return (await run('nix', all, { timeoutSeconds: 3600 })).stdout;
}

/** This computer's Nix from now on fetches from these stores. */
function substituters(...uris: string[]): void {
  // NixOS forbids to fetch some paths that are quickly built.
  process.env.NIX_CONFIG = `${nixConfig}\nsubstituters = ${uris.join(' ')}\nalways-allow-substitutes = true`;
}

async function page(address: string): Promise<string> {
  return await (await fetch(`http://${network}.${address}/`, { signal: AbortSignal.timeout(10_000) })).text();
}

test('without a cache the preview says that the lab imitates NixOS', async () => {
  substituters();
  const { text } = await stack.preview();
  assert.match(
    text,
    /the lab runs an imitation of NixOS, made of Debian’s packages, because this computer’s Nix has no/,
  );
});

test('a cache with NixOS makes the lab’s machines run it', async () => {
  substituters(cache);
  const valid = await runToEnd('nix-store', ['--check-validity', first], { timeoutSeconds: 60 });
  assert.notEqual(valid.exitCode, 0, 'the first system is in the cache only');
  const { text } = await stack.up();
  assert.match(text, /the lab runs real NixOS 2\d\.\d\d from file:\/\//);
  const machines = await stack.output();
  for (const name of hosts) {
    assert.equal(machines[name]?.system, systems[name]);
    assert.equal(machines[name]?.generation, 2, 'after the first system');
    const osRelease = await stack.ssh(name, 'cat /etc/os-release; hostname; systemctl is-system-running');
    assert.match(osRelease, /^ID=nixos$/m);
    assert.match(osRelease, new RegExp(`^${name}$`, 'm'));
    assert.match(osRelease, /^running$/m);
    assert.equal(await stack.ssh(name, 'cat /run/heartbeat/message'), `${name} is alive\n`);
  }
  assert.equal((await page('11')).trim(), `Hello from ${stack.folder}.`);
  assert.equal(await page('13'), await page('11'), 'edge asks web');
});

test('the demo’s table shows it', async () => {
  const { stdout } = await stack.pulumi('stack', 'output', '--json');
  const { machines, lab } = JSON.parse(stdout);
  assert.equal(lab, 'real NixOS');
  const table = await stack.node('setup/demo-table.ts', [], JSON.stringify(machines));
  console.log(`lab: ${lab}\n${table.stdout}`);
  assert.match(table.stdout, /^web +2 +nixos-system-web-2\d\.\d\d\S* .*nginx/m);
});

test('a change is deployed, and the machines stay NixOS when the cache is gone', async () => {
  substituters();
  stack.edit('nix/lab/hosts/web.nix', 'Hello from', 'Changed on');
  const preview = await stack.preview();
  assert.match(preview.text, /the lab runs real NixOS, as its machines have from the start/);
  assert.match(preview.text, /1 to update|~ 2 to update|to update/);
  await stack.up();
  assert.equal((await page('11')).trim(), `Changed on ${stack.folder}.`);
  const { text } = await stack.preview();
  assert.doesNotMatch(text, /to (create|update|replace|delete)/);
});

test('a restart boots the deployed system', async () => {
  const booted = await stack.ssh(
    'web',
    'cat /proc/sys/kernel/random/boot_id; readlink -f /run/booted-system',
  );
  assert.match(booted, new RegExp(first), 'the machine has booted its first system');
  await stack.ssh('web', 'systemctl --no-block reboot').catch(() => undefined);
  await stack.pulumi('up', '--yes', '--refresh', '--skip-preview');
  const machines = await stack.output();
  assert.equal(await stack.ssh('web', 'readlink -f /run/booted-system'), `${machines.web?.system}\n`);
});

test('a config that asks for the other system is refused while machines exist', async () => {
  stack.edit(config, 'system: auto', 'system: imitation');
  const { exitCode, text } = await stack.try('preview');
  assert.notEqual(exitCode, 0);
  assert.match(text, /lab\.system is imitation, but the lab’s machines run real NixOS/);
  stack.edit(config, 'system: imitation', 'system: auto');
});

test('destroy removes the machines', async () => {
  const { folder } = stack;
  await stack.remove();
  removed = true;
  const left = await runToEnd(
    'sh',
    ['-c', `ls -A '${folder}/state/nixos-fleet/lab'; ip link show nf-labnixos`],
    {
      timeoutSeconds: 60,
    },
  );
  assert.equal(left.stdout, '');
});
