/**
 * Power cuts in deployments, on a virtual machine. QEMU logs all writes to the machine's disk. The log gives the disk as a cut after
 * any flush leaves it. What the machine would boot is read from each of these disks, and some are booted. Only with POWER_CUTS=vm:
 * emulated machines take long. Each boot loader has a test file of its own, because reading disks blocks the process.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run } from '../../../lib/base/process/run.ts';
import { until } from '../../../lib/base/until.ts';
import { deleteVm } from '../../../lib/local/vm/machine.ts';
import { readMachine } from '../../../lib/machine/read-machine.ts';
import { toplevel, vmSystems } from '../../lab/build-systems.ts';
import { Deployer, type Settings } from '../../lab/deployer.ts';
import { type BootState, Disk, type Tools } from './boot-state.ts';
import { RecordedMachine, startAfterCut } from './recorded-machine.ts';

const skip = process.env.POWER_CUTS !== 'vm' && 'takes long: set POWER_CUTS=vm';
const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-power-cut-'));
process.env.XDG_STATE_HOME = join(folder, 'state');
after(() => rmSync(folder, { recursive: true, force: true }));

const limits = { confirmTimeoutSeconds: 120, activationTimeoutSeconds: 600, rebootTimeoutSeconds: 300 };
const unhealthy = { healthChecks: { never: { command: 'false', timeoutSeconds: 1 } } } as unknown as Settings;
const onTrial: Settings = { action: 'boot', reboot: 'always', trial: 'required' };

interface Deployment {
  title: string;
  from: string;
  to: string;
  settings: Settings;
  fails?: boolean;
}

/** A recorded deployment: the log's sizes at its begin, when the new system could be confirmed, and at its end. */
interface Recorded extends Deployment {
  begin: number;
  confirmable: number;
  end: number;
}

/** The first of successive cuts that leave the same state. */
interface Cut extends BootState {
  deployment: Recorded;
  at: number;
}

/** @param names of systems: the first is in the machine's image */
export function powerCuts(loader: string, names: string[], port: number): void {
  const title = `power cuts on a machine with ${loader}`;
  if (skip) {
    test(title, { skip }, () => {});
    return;
  }
  describe(title, () => {
    const place = { stack: `power-cut-${process.pid}`, name: loader, port };
    let recorded: RecordedMachine;
    let tools: Tools;
    let cuts: Cut[];
    const deployments: Recorded[] = [];

    before(async () => {
      const [image = '', e2fsprogs = '', mtools = '', ...systems] = await vmSystems([
        `${names[0]}.config.system.build.images.qemu-efi`,
        ...['e2fsprogs', 'mtools'].map((tool) => `base.config.tools.${tool}`),
        ...names.map(toplevel),
      ]);
      const [base = '', edited = '', next = '', last = ''] = systems;
      recorded = await RecordedMachine.start(place, `${image}/trial.qcow2`, folder);
      tools = { e2fsprogs, mtools };
      const deployer = new Deployer(recorded.machine.connection);
      await deployer.up(base, limits);
      // The image's entries have no machine-id, so all of them are written anew.
      await recorded.machine.run(`${base}/bin/switch-to-configuration boot`, { timeoutSeconds: 600 });
      await record(deployer, { title: 'a switch', from: base, to: edited, settings: {} });
      await record(deployer, {
        title: 'a rollback',
        from: edited,
        to: next,
        settings: unhealthy,
        fails: true,
      });
      await record(deployer, { title: 'a confirmed trial', from: edited, to: next, settings: onTrial });
      const rejected = { ...onTrial, ...unhealthy };
      await record(deployer, {
        title: 'a rejected trial',
        from: next,
        to: base,
        settings: rejected,
        fails: true,
      });
      const tidy: Settings = { keepGenerations: { count: 1 } };
      await record(deployer, {
        title: 'a switch that removes generations',
        from: next,
        to: last,
        settings: tidy,
      });
      // The log and the variables are all that the tests need.
      await recorded.remove();
    });

    after(() => recorded?.remove());

    async function record(deployer: Deployer, deployment: Deployment): Promise<void> {
      await recorded.machine.run('sync');
      const begin = recorded.now();
      let confirmable = 0;
      const onStatus = (line: string) => {
        if (/confirming over a new connection|back after the reboot/.test(line))
          confirmable ||= recorded.now();
      };
      const up = deployer.up(deployment.to, { ...limits, ...deployment.settings, onStatus });
      if (deployment.fails) await assert.rejects(up);
      else await up;
      await recorded.machine.run('sync');
      assert.ok(deployment.fails || confirmable > begin, deployment.title);
      deployments.push({ ...deployment, begin, confirmable, end: recorded.now() });
    }

    test('after every flush the machine would boot a confirmed system, or one on trial that returns', async (context) => {
      cuts = [];
      let count = 0;
      const copy = await recorded.copy('read');
      const { replay } = copy;
      const disk = new Disk(copy, tools);
      for (const deployment of deployments) {
        const { begin, end } = deployment;
        const ends = replay.writes.filter((write) => write.flushed && write.end > begin && write.end <= end);
        let kind = '';
        for (const { end: at } of ends) {
          replay.advance(at);
          count++;
          const state = readAt(disk, deployment, at);
          assertSafe(deployment, state, at);
          if (JSON.stringify(state) !== kind) cuts.push({ ...state, deployment, at });
          kind = JSON.stringify(state);
        }
      }
      replay.close();
      context.diagnostic(`${count} flushes, ${cuts.length} successive states`);
    });

    function readAt(disk: Disk, { title }: Recorded, at: number): BootState {
      try {
        return disk.read(recorded.variablesAt(at));
      } catch (error) {
        throw new Error(`${title}, cut at ${at}: ${(error as Error).message}`);
      }
    }
    function assertSafe(
      { title, from, to, fails, confirmable }: Recorded,
      state: BootState,
      at: number,
    ): void {
      const text = `${title}, cut at ${at}: ${JSON.stringify(state)}`;
      const confirmed = fails || at < confirmable ? [from] : [from, to];
      assert.ok(confirmed.includes(state.default), text);
      assert.ok([from, to].includes(state.profile), text);
      if (state.once) assert.ok(confirmed.includes(state.once) || (state.once === to && state.trial), text);
    }

    test('after a cut the machine comes back on a confirmed system, and the next deployment succeeds', async () => {
      const { replay, disk } = await recorded.copy('boot');
      for (const [index, cut] of samples()
        .sort((a, b) => a.at - b.at)
        .entries()) {
        replay.advance(cut.at);
        await bootAfter(cut, disk, `cut-${index}`);
      }
      replay.close();
    });

    /** In a switch, with a trial armed, and in the confirmation of a trial. */
    function samples(): Cut[] {
      const find = (title: string, matches: (cut: Cut) => boolean) => {
        const found = cuts.find((cut) => cut.deployment.title === title && matches(cut));
        assert.ok(found, `${title} has this state`);
        return found;
      };
      return [
        find('a switch', ({ deployment, ...state }) => state.profile !== state.default),
        find('a confirmed trial', ({ deployment, once }) => once === deployment.to),
        find(
          'a confirmed trial',
          ({ deployment, trial, ...state }) => trial && state.default === deployment.to,
        ),
      ];
    }

    async function bootAfter({ deployment, at, ...state }: Cut, disk: string, name: string): Promise<void> {
      const { title, from, to, fails } = deployment;
      const file = join(folder, `${loader}-${name}.raw`);
      await run('cp', ['--sparse=always', disk, file], { timeoutSeconds: 600 });
      const here = { stack: place.stack, name: `${loader}-${name}`, port: port + 10 };
      try {
        const machine = await startAfterCut(here, file, recorded.variablesAt(at));
        const text = `${title}, cut at ${at}: ${JSON.stringify(state)}`;
        const settled = await until(
          async () => {
            const now = await readMachine(machine, { fresh: true, timeoutSeconds: 120 }).catch(
              () => undefined,
            );
            return now && !now.busy && now.booted !== (state.once || undefined) ? now : undefined;
          },
          { limitSeconds: 2400, intervalSeconds: 1 },
        );
        assert.ok(settled, text);
        assert.ok(
          [from, ...(fails ? [] : [to])].includes(settled.booted),
          `${text}: it booted ${settled.booted}`,
        );
        const deployer = new Deployer(machine.connection);
        await deployer.up(to, { ...limits, action: 'boot', reboot: 'never' });
        const live = await readMachine(machine);
        assert.equal(live.profileSystem, to, text);
        await machine.run('sync');
        await machine.close();
      } finally {
        await deleteVm(here.stack, here.name, 1);
        rmSync(file, { force: true });
        rmSync(`${file}.qcow2`, { force: true });
      }
    }
  });
}
