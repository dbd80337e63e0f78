import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { run } from '../../../lib/base/process/run.ts';
import { until } from '../../../lib/base/until.ts';
import { writtenSince } from '../../../lib/base/written-since.ts';
import { evaluateFleet } from '../../../lib/evaluation/evaluate-fleet.ts';
import { diskInstallSettings } from '../../../program/config/disk-installs.ts';
import { hostSettings } from '../../../program/config/hosts.ts';
import { imageSettings } from '../../../program/config/images.ts';
import { parseStackConfig } from '../../../program/config/parse-config.ts';
import { evaluateStack } from '../../../program/evaluate-stack.ts';
import type { Stack } from '../../../program/read-stack.ts';
import { ownFlake, ownFolder } from '../../fixtures/flakes/copy.ts';

/** What nix was called for, a line a call. */
let calls = '';
const path = process.env.PATH;

before(async () => {
  const folder = await ownFolder();
  calls = join(folder, 'calls');
  const { stdout } = await run('sh', ['-c', 'command -v nix'], { timeoutSeconds: 10 });
  writeFileSync(
    join(folder, 'nix'),
    `#!/bin/sh
for word; do case $word in eval|metadata) echo "$word" >> '${calls}'; break;; esac; done
exec '${stdout.trim()}' "$@"
`,
  );
  chmodSync(join(folder, 'nix'), 0o755);
  process.env.PATH = `${folder}${delimiter}${path}`;
});
beforeEach(async () => {
  process.env.XDG_CACHE_HOME = await ownFolder();
  writeFileSync(calls, '');
});
after(() => {
  process.env.PATH = path;
});

/** How often nix was called to lock and to evaluate, since the last call. */
function counted(): { locks: number; evaluations: number } {
  const words = readFileSync(calls, 'utf8').split('\n');
  writeFileSync(calls, '');
  const count = (wanted: string) => words.filter((word) => word === wanted).length;
  return { locks: count('metadata'), evaluations: count('eval') };
}

/** A copy of the fixture fleet that was written some time ago. */
async function settledFlake(): Promise<string> {
  const folder = await ownFlake();
  const settled = () => !writtenSince(folder, Date.now());
  assert.ok(await until(settled, { limitSeconds: 10 }), 'the file system has a clock of its own');
  return folder;
}

/** A machine that is rehearsed, an image, a virtual machine and a disk that is written from memory. */
async function wholeStack(folder: string): Promise<Stack> {
  const config = parseStackConfig(
    {
      flake: `path:${folder}`,
      hosts: JSON.stringify({ web: { rehearse: true } }),
      images: JSON.stringify({ db: { variant: 'disk' } }),
      virtualMachines: JSON.stringify({ box: { configuration: 'box' } }),
    },
    'prod',
  );
  const hosts = hostSettings(config);
  const flake = { flake: config.flake, baseDirectory: dirname(resolve(folder)), overrideInputs: {} };
  const disks = await diskInstallSettings(config, hosts);
  const images = imageSettings(config);
  return { name: 'prod', config, hosts, selected: hosts, images, disks, flake } as Stack;
}

test('a stack’s flake is locked and evaluated once; the second run evaluates nothing', async () => {
  const stack = await wholeStack(await settledFlake());
  const first = await evaluateStack(stack);
  assert.ok(first.fleet.hosts.web?.ok && first.fleet.images.db?.ok);
  assert.match(first.rehearsed.web?.drvPath ?? '', /-web-vm\.drv$/);
  assert.match(first.virtual.outputs.box?.drvPath ?? '', /-box-vm\.drv$/);
  const { locks, evaluations } = counted();
  assert.equal(locks, 1);
  assert.ok(evaluations <= availableParallelism(), `one a core, not one a kind: ${evaluations}`);

  const second = await evaluateStack(stack);
  assert.deepEqual({ ...second, fleet: { ...second.fleet, fromCache: false } }, first);
  assert.deepEqual(counted(), { locks: 1, evaluations: 0 });
});

test('one process evaluates hosts, images and outputs', async () => {
  const folder = await settledFlake();
  const vm = { attribute: ['system', 'build', 'vm'] };
  const fleet = await evaluateFleet({
    flake: `path:${folder}`,
    baseDirectory: folder,
    hosts: { web: 'web', db: 'db' },
    images: { disk: { configuration: 'web', image: ['system', 'build', 'images', 'disk'] } },
    outputs: {
      rehearsal: { ...vm, configuration: 'web', host: 'web' },
      machine: { ...vm, configuration: 'box', host: 'box' },
    },
    workers: 1,
  });
  for (const each of [fleet.hosts.web, fleet.images.disk, fleet.outputs.machine]) assert.ok(each?.ok);
  assert.deepEqual(counted(), { locks: 1, evaluations: 1 });
});

test('a flake that changes during its evaluation is locked again', async () => {
  const folder = await settledFlake();
  const request = { flake: `path:${folder}`, baseDirectory: folder, hosts: { web: 'web' } };
  let edits = 0;
  const onProgress = () => {
    if (edits++ === 0) writeFileSync(join(folder, 'lacking.nix'), '{ text = "[Service]"; }');
  };
  await evaluateFleet({ ...request, onProgress });
  assert.ok(counted().locks > 1);
  rmSync(join(folder, 'broken.nix'));
  await evaluateFleet(request);
  assert.ok(counted().evaluations > 0);
});
