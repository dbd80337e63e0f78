/**
 * The dev stack's virtual machine by the real Pulumi CLI, real Nix and real QEMU: its kernel and disk image are built, it boots
 * from a larger writable copy, is adopted, deployed and rebooted.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { hashFile } from '../../lib/base/hash.ts';
import { run, runToEnd } from '../../lib/base/process/run.ts';
import { until } from '../../lib/base/until.ts';
import type { ImageState } from '../../schema/image.ts';
import { TestStack } from '../lab/stack.ts';

let stack: TestStack;
let kept: string;

before(async () => {
  stack = await TestStack.create({ stack: 'vm-image', network: '10.213.42' });
  kept = join(stack.folder, 'images/vm.qcow2');
  const config = {
    flake: './nix/lab',
    lab: { kernels: true },
    images: { vm: { keep: kept } },
    virtualMachines: {
      vm: {
        image: 'vm',
        rootDisk: { sizeMiB: 3072 },
        memoryMiB: 768,
        forwardPorts: { ssh: { host: 23732, guest: 22 } },
        startTimeoutSeconds: 600,
      },
    },
    hosts: {
      vm: {
        virtualMachine: true,
        connectTimeoutSeconds: 60,
        confirmTimeoutSeconds: 600,
        reboot: 'when-needed',
        trial: 'required',
      },
    },
  };
  stack.configure(config);
});

after(async () => {
  await stack.remove();
});

async function image(): Promise<ImageState> {
  const { deployment } = await stack.exportState();
  const found = deployment.resources.find(({ type }) => type === 'nixos:index:Image');
  assert.ok(found, 'the image is in the state');
  return found.outputs as unknown as ImageState;
}

const sh = async (script: string) => (await stack.onVirtualMachine('vm', script)).stdout.trim();

const live = async () => (await stack.live()).vm;

const vmHost = 'nix/lab/hosts/vm.nix';

test('the preview shows the kernel and the image before they are built', async () => {
  const { text } = await stack.preview();
  assert.match(text, /nixos:index:Kernel: \(create\)/);
  assert.match(text, /config\s*: "\d+ symbols: \d+ y, \d+ m, \d+ n/);
  assert.match(text, /nixos:index:Image: \(create\)/);
  assert.match(text, /system\s*: "\/nix\/store\/\w+-nixos-system-vm-/);
  assert.match(text, /diskSizeMiB\s*: 1024/);
  assert.match(text, /attribute\s*: "system\.build\.images\.qemu-efi"/);
  assert.match(text, /file\s*: "vm\.qcow2"/);
  assert.ok(!existsSync(kept));
});

test('a machine that boots from the image runs the desired system: the deployment changes nothing', async () => {
  await stack.up();
  const { system, format, virtualSizeBytes, realSizeBytes, builtAt } = await image();
  assert.deepEqual([format, virtualSizeBytes], ['qcow2', 1024 * 2 ** 20]);
  assert.ok(realSizeBytes > 100 * 2 ** 20 && realSizeBytes < 1024 * 2 ** 20, `${realSizeBytes}`);
  assert.ok(Date.parse(builtAt) <= Date.now(), builtAt);
  const now = await live();
  assert.deepEqual([now?.generation, now?.system, now?.booted], [1, system, system]);
  assert.equal(await sh('readlink -f /nix/var/nix/profiles/system-1-link'), system);
  assert.equal(await sh('ls /var/lib/nixos-fleet/results 2>/dev/null'), '', 'no switch was begun');
  assert.equal(await sh('systemctl is-system-running'), 'running');
  await stack.pulumi('preview', '--expect-no-changes');
});

test('root partition and file system grow to the copy’s size on first boot', async () => {
  const [disk, partition, system] = (
    await sh('cat /sys/block/vda/size /sys/class/block/vda2/size; stat -f -c %b /; stat -f -c %S /')
  )
    .split('\n')
    .map(Number);
  assert.equal((disk ?? 0) * 512, 3072 * 2 ** 20);
  assert.ok((partition ?? 0) > (disk ?? 0) * 0.9, `partition of ${partition} sectors on ${disk}`);
  assert.ok((system ?? 0) * 4096 > 2.5 * 2 ** 30, `${system} blocks`);
});

test('the machine has an identity of its own and a complete store', async () => {
  assert.match(await sh('cat /etc/machine-id'), /^[0-9a-f]{32}$/);
  assert.equal(await sh('nix-store --verify 2>&1 | grep -ci -e missing -e disappeared -e corrupt'), '0');
  assert.equal(
    await sh('nix-store --query --requisites /run/current-system >/dev/null && echo valid'),
    'valid',
  );
});

test('the kept copy is the image, with a manifest that identifies it', async () => {
  const { path, sha256, system, kept: state } = await image();
  assert.deepEqual([path, state], [kept, 'in-place']);
  assert.equal(await hashFile(kept), sha256);
  const manifest = JSON.parse(readFileSync(`${kept}.json`, 'utf8'));
  assert.deepEqual(
    [manifest.sha256, manifest.system, manifest.bytes, manifest.kernel],
    [sha256, system, statSync(kept).size, await sh('uname -r')],
  );
});

test('the same input gives the same bytes', async () => {
  const { deployment } = await stack.exportState();
  const drvPath = deployment.resources.find(({ type }) => type === 'nixos:index:Image')?.inputs.drvPath;
  const { stdout } = await run('nix-store', ['--query', '--references', String(drvPath)], {
    timeoutSeconds: 60,
  });
  const raw = stdout.split('\n').find((path) => path.endsWith('-raw-efi.drv'));
  assert.ok(raw);
  const flags = ['--extra-experimental-features', 'nix-command', '--no-link', '--rebuild'];
  const again = await runToEnd('nix', ['build', ...flags, `${raw}^out`, `${drvPath}^out`], {
    timeoutSeconds: 600,
  });
  assert.equal(again.exitCode, 0, again.stderr);
});

test('a change is deployed to the running machine and built into the next image, not written to its disk', async () => {
  const before = await image();
  stack.edit(vmHost, 'vm is alive', 'vm is well');
  const { text } = await stack.preview();
  assert.match(text, /the system in the image:\n.*~ units\["heartbeat\.service"\]/);
  await stack.up();
  const now = await live();
  assert.equal(now?.generation, 2);
  assert.equal(await sh('cat /run/heartbeat/message'), 'vm is well');
  const { system, sha256 } = await image();
  assert.notEqual(sha256, before.sha256);
  assert.equal(now?.system, system);
  assert.equal(await hashFile(kept), sha256);
  assert.equal((await sh('ls /boot/loader/entries')).split('\n').length, 2);
});

test('the machine reboots into the deployed system', async () => {
  const bootId = (await live())?.bootId;
  await sh('systemctl --no-block reboot');
  const rebooted = async () => {
    const now = await sh('cat /proc/sys/kernel/random/boot_id').catch(() => bootId);
    return now !== '' && now !== bootId;
  };
  assert.ok(await until(rebooted, { limitSeconds: 600 }), 'the machine rebooted');
  assert.equal(await sh('readlink -f /run/booted-system'), (await image()).system);
  await stack.pulumi('refresh', '--yes', '--skip-preview');
  const now = await live();
  assert.deepEqual([now?.generation, now?.booted, now?.rebootDue], [2, now?.system, false]);
  await stack.pulumi('preview', '--expect-no-changes');
});

test('the preview shows one changed symbol alone, with the machine that will run it', async () => {
  await stack.withEdit(vmHost, 'PRINTK_TIME = "n"', 'PRINTK_TIME = "y"', async () => {
    const { text } = await stack.preview();
    const symbols = [...text.matchAll(/^\s*([-+~] [A-Z0-9_]+)\s*: (.*)$/gm)].map(([, ...parts]) =>
      parts.join(': '),
    );
    assert.deepEqual(symbols, ['~ PRINTK_TIME: "n" => "y"']);
    assert.match(text, /for vm: each runs it after its next restart/);
    assert.match(text, /the machine will be rebooted: kernel 6\.1\.\S+ is another build/);
    assert.doesNotMatch(text, /building/);
    await stack.withEdit(vmHost, 'vm is well', 'vm is very well', async () => {
      const shown = await stack.record('preview', 'A preview of one kernel symbol and one restarted unit', [
        `grep -e PRINTK_TIME -e message ${vmHost}`,
        'nixos-fleet preview',
      ]);
      assert.deepEqual(shown.exitCodes, [0, 0]);
      assert.match(shown.text, /PRINTK_TIME: "n" => "y"/);
      assert.match(shown.text, /restarts heartbeat/);
    });
  });
});

test('another kernel is previewed, booted on trial and confirmed; one that panics is rolled back', async () => {
  const kernel = (await live())?.kernel ?? '';
  assert.match(kernel, /^6\.1\./);
  await stack.withEdit(vmHost, 'pkgs.linuxPackagesFor kernel', 'pkgs.linuxPackages_6_12', async () => {
    const { text } = await stack.preview();
    assert.match(text, /the machine will be rebooted: kernel 6\.1\.\S+ → 6\.12\./);
    await stack.up();
    const now = await live();
    assert.match(now?.kernel ?? '', /^6\.12\./);
    assert.deepEqual([now?.booted, now?.profileSystem, now?.rebootDue], [now?.system, now?.system, false]);
    await stack.pulumi('preview', '--expect-no-changes');

    const panics = 'boot.kernelParams = [ "rdinit=/missing" ];';
    await stack.withEdit(vmHost, 'boot.isContainer', `${panics}\n  boot.isContainer`, async () => {
      const { exitCodes, text } = await stack.record(
        'panic',
        'A kernel panics, and the machine boots its previous system',
        [
          `grep kernelParams ${vmHost}`,
          'nixos-fleet up --yes',
          "grep -ao 'Kernel panic.*' $XDG_STATE_HOME/nixos-fleet/vm/*/vm/console.log",
          'nixos-fleet exec --on vm -- uname -r',
        ],
      );
      assert.notEqual(exitCodes[1], 0);
      assert.match(text, /fell back to the previous system\s+\[trial-failed\]/);
      assert.match(text, /^Kernel panic - not syncing/m);
    });
    const after = await live();
    assert.notEqual(after?.bootId, now?.bootId);
    assert.deepEqual(
      [after?.system, after?.booted, after?.profileSystem, after?.kernel],
      [now?.system, now?.system, now?.system, now?.kernel],
    );
  });
  await stack.up();
  assert.equal((await live())?.kernel, kernel);
});

test('a missing kept copy shows in a refresh, and up makes it again; other files stay', async () => {
  await run('rm', ['--force', kept], { timeoutSeconds: 10 });
  const { text } = await stack.pulumi('refresh', '--yes', '--diff', '--skip-preview');
  assert.match(text, /kept\s*: "in-place" => "missing"/);
  await stack.up();
  assert.equal(await hashFile(kept), (await image()).sha256);
  writeFileSync(`${kept}.other`, 'mine');
  await stack.pulumi('destroy', '--yes', '--skip-preview');
  assert.deepEqual(
    [existsSync(kept), existsSync(`${kept}.json`), existsSync(`${kept}.other`)],
    [false, false, true],
  );
  assert.ok(!existsSync(join(stack.folder, 'state/nixos-fleet/vm')));
});
