/** Lifecycle of lab machines: create, stop, start, reboot, recover, delete. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../../lib/base/process/run.ts';
import { until } from '../../lib/base/until.ts';
import { ensureLabBase } from '../../lib/local/lab/base.ts';
import { deleteLab } from '../../lib/local/lab/delete-lab.ts';
import { ensureMachine, type LabMachine, readLabMachine, stopMachine } from '../../lib/local/lab/machine.ts';
import { ensureNetwork, readNetwork, refuseLabOfOther } from '../../lib/local/lab/network.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import { connection } from '../../schema/connection.ts';

const lab = 'lab-life';
const state = mkdtempSync(join(tmpdir(), 'nixos-fleet-lab-life-'));
const network = { lab, cidr: '10.213.23.0/24', hosts: { one: '10.213.23.11', two: '10.213.23.12' } };
let base: string;

before(async () => {
  process.env.XDG_STATE_HOME = state;
  ({ base } = await ensureLabBase());
  await ensureNetwork(network);
});

after(async () => {
  await deleteLab(lab);
  rmSync(state, { recursive: true, force: true });
});

const one = () => ensureMachine({ lab, name: 'one', address: network.hosts.one, base });
const two = () => ensureMachine({ lab, name: 'two', address: network.hosts.two, base });

async function sh({ name, address, hostKey }: LabMachine, script: string): Promise<string> {
  const identityFile = (await readNetwork(lab))?.identityFile;
  const to = connection.parse({ address, hostKey, identityFile, connectTimeoutSeconds: 5 });
  return (await machineAt(name, to).run(script, { fresh: true })).stdout.trim();
}

const bootId = 'cat /proc/sys/kernel/random/boot_id';

/** Command lines that name this lab's folder. */
function processes(): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return ''; // It ended meanwhile.
      }
    })
    .filter((line) => line.includes(join(state, 'nixos-fleet')));
}

test('machines have identities of their own, resolve each other’s names, and have no route out', async () => {
  const [first, second] = await Promise.all([one(), two()]);
  assert.notEqual(first.hostKey, second.hostKey);
  assert.notEqual(first.machineId, second.machineId);
  assert.equal(await sh(first, 'cat /etc/machine-id; hostname'), `${first.machineId}\none`);
  assert.equal(await sh(first, 'getent hosts two | cut -d " " -f 1'), network.hosts.two);
  assert.equal(await sh(first, 'ip -4 route show default; ip -6 route show default'), '');
  assert.match(
    await sh(first, 'nix-store --version; systemctl is-system-running --wait'),
    /\(Nix\) \d.*\nrunning/,
  );
});

test('an existing machine stays as it is', async () => {
  const before = await readLabMachine(lab, 'one');
  assert.deepEqual(await one(), before);
});

test('a machine that is off is reported, and starts with its files and identity', async () => {
  const before = await one();
  await sh(before, 'echo kept >/root/kept');
  await stopMachine(lab, 'one');
  const off = await readLabMachine(lab, 'one');
  assert.equal(off?.running, false);
  assert.equal(off?.pid, undefined);
  const again = await one();
  assert.equal(await sh(again, 'cat /root/kept'), 'kept');
  assert.equal(again.hostKey, before.hostKey);
  assert.equal(again.machineId, before.machineId);
  assert.match(readFileSync(again.console, 'utf8'), /Reached target poweroff|Halting|Powering off/i);
});

test('a machine whose keeper was killed starts again; its environment holds no secret (fault 31)', async () => {
  const before = await one();
  assert.ok(before.pid);
  process.kill(before.pid, 'SIGKILL');
  assert.ok(await until(async () => !(await readLabMachine(lab, 'one'))?.running, { limitSeconds: 10 }));
  process.env.PULUMI_CONFIG_PASSPHRASE = 'FIXTURE';
  process.env.FIXTURE_TOKEN = 'FIXTURE';
  const again = await one();
  assert.equal(again.running, true);
  assert.doesNotMatch(readFileSync(`/proc/${again.pid}/environ`, 'utf8'), /PASSPHRASE|FIXTURE/);
});

test('a reboot from inside restarts the machine under the same keeper', async () => {
  const machine = await one();
  const before = await sh(machine, bootId);
  await sh(machine, 'systemctl --no-block reboot').catch(() => undefined);
  const rebooted = async () => (await sh(machine, bootId).catch(() => before)) !== before;
  assert.ok(await until(rebooted, { limitSeconds: 60 }));
  assert.equal((await readLabMachine(lab, 'one'))?.pid, machine.pid);
});

test('a machine gets another address, and starts again once its network is restored', async () => {
  const moved = await ensureMachine({ lab, name: 'two', address: '10.213.23.22', base });
  assert.match(await sh(moved, 'ip -4 -brief address show host0'), /10\.213\.23\.22\/24/);
  await Promise.all([stopMachine(lab, 'one'), stopMachine(lab, 'two')]);
  await run('ip', ['link', 'delete', (await readNetwork(lab))?.bridge ?? ''], { timeoutSeconds: 10 });
  assert.equal((await readNetwork(lab))?.up, false);
  await assert.rejects(one(), { code: 'lab-failed' });
  await ensureNetwork(network);
  assert.equal((await one()).running, true);
});

test('a lab is not taken by another stack, nor by another folder for state', async () => {
  await ensureNetwork({ ...network, owner: 'mine/lab-life' });
  await refuseLabOfOther({ ...network, owner: 'mine/lab-life' });
  await assert.rejects(refuseLabOfOther({ ...network, owner: 'theirs/lab-life' }), {
    code: 'lab-failed',
    message: /belongs to the stack mine\/lab-life/,
  });
  const bridge = (await readNetwork(lab))?.bridge ?? '';
  process.env.XDG_STATE_HOME = join(state, 'other');
  try {
    await assert.rejects(ensureNetwork({ ...network, cidr: '10.213.24.0/24' }), {
      message: new RegExp(`${bridge} belongs to the lab in ${state}/nixos-fleet`),
    });
    await deleteLab(lab);
  } finally {
    process.env.XDG_STATE_HOME = state;
  }
  assert.equal((await readNetwork(lab))?.up, true, 'the other state leaves the network as it is');
});

test('a machine without its record is created again', async () => {
  const before = await one();
  rmSync(join(state, 'nixos-fleet/lab', lab, 'machines/one/machine.json'));
  assert.equal(await readLabMachine(lab, 'one'), undefined);
  assert.notEqual((await one()).machineId, before.machineId);
});

test('deleting a lab removes all of it', async () => {
  await two();
  await deleteLab(lab);
  assert.deepEqual(processes(), []);
  assert.equal(existsSync(join(state, 'nixos-fleet')), false);
  const { stdout: links } = await run('ip', ['-oneline', 'link'], { timeoutSeconds: 10 });
  assert.doesNotMatch(links, /lab-life/);
  assert.ok(!readFileSync('/proc/mounts', 'utf8').includes(state));
  for (const hierarchy of ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified', '/sys/fs/cgroup']) {
    assert.equal(existsSync(join(hierarchy, 'nixos-fleet-lab', `${lab}.one`)), false);
  }
  await deleteLab(lab);
});
