/** What is judged on the machine before a switch begins, run by this computer's shell. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { hasCode } from '../../../../../lib/base/errors.ts';
import { readMachine } from '../../../../../lib/machine/read-machine.ts';
import { begin } from '../../../../../lib/machine/switch/begin.ts';
import type { SwitchParameters } from '../../../../../lib/machine/switch/start-script.ts';
import { deploymentSettings } from '../../../../../schema/deployment.ts';
import { LocalMachine } from '../local-machine.ts';

let here: LocalMachine;
let started: string;
beforeEach(() => {
  here = new LocalMachine();
  started = join(here.folder, 'started');
  here.program('nix-store', 'exit 0');
  here.program('systemd-run', `touch ${started}`);
});
afterEach(() => here.remove());

function system(name: string): string {
  const path = join(here.folder, name);
  mkdirSync(join(path, 'bin'), { recursive: true });
  writeFileSync(join(path, 'bin/switch-to-configuration'), '#!/bin/sh\n');
  chmodSync(join(path, 'bin/switch-to-configuration'), 0o755);
  return path;
}

function makeLive(path: string): void {
  const link = join(here.folder, 'run/current-system');
  rmSync(link, { force: true });
  symlinkSync(path, link);
}

let count = 0;
async function start(changes: Partial<SwitchParameters>): Promise<void> {
  count += 1;
  const by = 'ann@laptop';
  const urn = 'urn:pulumi:dev::fleet::nixos:index:Deployment::here';
  const parameters: SwitchParameters = {
    ...deploymentSettings.parse({}),
    unit: `nixos-fleet-${count}`,
    host: 'here',
    system: system('new'),
    by,
    token: 't',
    machineId: here.machineId,
    expectedLive: '',
    ownership: { claim: 'one', urn },
    activationSeconds: 600,
    confirmSeconds: 120,
    ...changes,
  };
  const record = { host: 'here', system: parameters.system, revision: '', by, at: 'now' };
  await begin(here.machine, parameters, record, {});
}

test('a system that was switched to during the copy is drift, and is not overwritten with onDrift: fail (fault 16)', async () => {
  const [read, other] = [system('read'), system('other')];
  makeLive(other);
  await assert.rejects(start({ expectedLive: read }), (error) => {
    assert.ok(hasCode(error, 'drifted'));
    assert.match((error as Error).message, /it ran .*\/read, and runs .*\/other now/);
    return true;
  });
  assert.ok(!existsSync(started));
  await start({ expectedLive: '' });
  assert.ok(existsSync(started), 'onDrift: overwrite');
});

test('the system that was read, or the new one, is no drift', async () => {
  const read = system('read');
  for (const live of [read, system('new')]) {
    makeLive(live);
    await start({ expectedLive: read });
    assert.ok(existsSync(started));
    rmSync(started);
  }
});

test('the machine of another stack is refused, unless it is taken over (fault 15)', async () => {
  makeLive(system('old'));
  await start({});
  rmSync(started);
  const reading = await readMachine(here.machine);
  assert.deepEqual([reading.owner?.stack, reading.owner?.claim], ['fleet/dev', 'one']);
  const urn = 'urn:pulumi:prod::fleet::nixos:index:Deployment::web';
  await assert.rejects(start({ ownership: { claim: 'two', urn } }), (error) => {
    assert.ok(hasCode(error, 'owned-by-other'));
    assert.match((error as Error).message, /the machine belongs to another stack/);
    assert.match((error as Error).message, /set takeOverFrom: fleet\/dev/);
    return true;
  });
  assert.ok(!existsSync(started));
  await start({ ownership: { claim: 'two', urn, takeOverFrom: 'fleet/dev' } });
  assert.equal((await readMachine(here.machine)).owner?.stack, 'fleet/prod');
});

test('a host under a new name, and a stack under a new name, own their machine', async () => {
  makeLive(system('old'));
  await start({});
  await start({
    ownership: { claim: 'two', urn: 'urn:pulumi:dev::fleet::nixos:index:Deployment::renamed' },
  });
  await start({
    ownership: { claim: 'two', urn: 'urn:pulumi:renamed::fleet::nixos:index:Deployment::renamed' },
  });
  assert.equal((await readMachine(here.machine)).owner?.stack, 'fleet/renamed');
});
