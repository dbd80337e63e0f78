/** Boots on trial, on a virtual machine with UEFI firmware and systemd-boot. image.test.ts has the usual cases by pulumi. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { FleetError } from '../../lib/base/errors.ts';
import { deleteVm, ensureVm } from '../../lib/local/vm/machine.ts';
import { readMachine } from '../../lib/machine/read-machine.ts';
import type { Machine } from '../../lib/machine/ssh/machine.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import { connection as connectionSchema } from '../../schema/connection.ts';
import { virtualMachineInputs } from '../../schema/virtual-machine.ts';
import { toplevel, vmSystems } from '../lab/build-systems.ts';
import { Deployer } from '../lab/deployer.ts';

const vm = virtualMachineInputs.parse({
  stack: `trial-${process.pid}`,
  name: 'one',
  memoryMiB: 768,
  cores: 2,
  rootDisk: { from: 'backing', sizeMiB: 4096 },
  forwardPorts: { ssh: { host: 23741, guest: 22 } },
  startTimeoutSeconds: 600,
});
const state = mkdtempSync(join(tmpdir(), 'nixos-fleet-trial-'));
const settings = {
  reboot: 'when-needed',
  trial: 'required',
  confirmTimeoutSeconds: 60,
  activationTimeoutSeconds: 300,
  rebootTimeoutSeconds: 400,
} as const;
let machine: Machine;
let deployer: Deployer;
let systems: Record<'base' | 'edited' | 'panics' | 'mute', string>;

before(async () => {
  process.env.XDG_STATE_HOME = state;
  const [image = '', base = '', edited = '', panics = '', mute = ''] = await vmSystems([
    'base.config.system.build.images.qemu-efi',
    ...['base', 'edited', 'panics', 'mute'].map(toplevel),
  ]);
  systems = { base, edited, panics, mute };
  const { identityFile, hostKey } = await ensureVm({ ...vm, image: `${image}/trial.qcow2` });
  machine = machineAt(
    'one',
    connectionSchema.parse({ address: '127.0.0.1', port: 23741, hostKey, identityFile }),
  );
  deployer = new Deployer(machine.connection);
});

after(async () => {
  if (machine) await machine.close();
  await deleteVm(vm.stack, vm.name, 1);
  rmSync(state, { recursive: true, force: true });
});

async function onMachine(script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await machine.run(script);
  assert.equal(exitCode, 0, stderr);
  return stdout.trim();
}

/** The init of the boot loader's default entry. */
const defaultInit = () =>
  onMachine(
    "sed -n 's/^options init=\\([^ ]*\\).*/\\1/p' /boot/loader/entries/$(sed -n 's/^default //p' /boot/loader/loader.conf)",
  );

/** The machine runs and next boots a system, and the state agrees. */
async function assertLive(system: string): Promise<void> {
  const { live } = deployer;
  const reading = await readMachine(machine);
  assert.deepEqual([reading.system, reading.profileSystem], [system, system]);
  assert.deepEqual([live.system, live.profileSystem], [system, system]);
}

/** The machine runs, has booted and next boots a system, the state agrees, and no trial is left. */
async function assertOn(system: string): Promise<void> {
  const { live } = deployer;
  const reading = await readMachine(machine);
  assert.deepEqual([reading.system, reading.booted, reading.profileSystem], [system, system, system]);
  assert.deepEqual([live.system, live.booted, live.profileSystem], [system, system, system]);
  assert.equal(live.rebootDue, false);
  assert.equal(await defaultInit(), `${system}/init`);
  assert.equal(
    await onMachine(
      'ls -d /var/lib/nixos-fleet/trial /etc/systemd/system.control /boot/loader/entries/fleet-trial.conf 2>/dev/null || true',
    ),
    '',
  );
}

test('the image’s own system is adopted without a switch', async () => {
  await deployer.up(systems.base, settings);
  await assertOn(systems.base);
  assert.equal(deployer.live.generation, 1);
});

for (const [clock, shift, name] of [
  ['ahead', '+1 day', 'edited'],
  ['behind', '-2 days', 'base'],
] as const) {
  test(`a machine whose clock is a day ${clock}: switched, and its newest result is read`, async () => {
    await onMachine(`date --set='${shift}'`);
    const { system } = await readMachine(machine);
    await deployer.up(systems[name], settings);
    assert.notEqual(systems[name], system);
    await assertLive(systems[name]);
    const last = JSON.parse((await readMachine(machine)).lastResult ?? '{}');
    assert.deepEqual([last.system, last.outcome], [systems[name], 'confirmed']);
    assert.equal(await deployer.refresh(), undefined);
    assert.equal(await deployer.up(systems[name], settings), false);
  });
}

test('a system that boots without network: rolled back by its dead-man’s timer', async () => {
  await assert.rejects(
    deployer.up(systems.mute, { ...settings, action: 'boot', rebootTimeoutSeconds: 90 }),
    (error: FleetError) => {
      assert.equal(error.code, 'trial-failed', error.message);
      assert.match(error.why ?? '', /not confirmed within \d+ s/);
      return true;
    },
  );
  await assertOn(systems.base);
});

test('a kernel started by kexec that panics: rolled back through the firmware', async () => {
  const { bootId, kernel } = deployer.live;
  await assert.rejects(
    deployer.up(systems.panics, { ...settings, rebootBy: 'kexec' }),
    (error: FleetError) => {
      assert.equal(error.code, 'trial-failed', error.message);
      assert.ok(error.why?.includes(`kernel ${kernel}`), error.why);
      return true;
    },
  );
  const result = JSON.parse((await readMachine(machine)).lastResult ?? '{}');
  assert.deepEqual([result.outcome, result.wentBack], ['trial-failed', 'yes']);
  assert.match(deployer.lines.join('\n'), /rebooting on trial \(kexec\)/);
  assert.notEqual(deployer.live.bootId, bootId);
  await assertOn(systems.base);
});
