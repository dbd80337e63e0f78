/** Lifecycle of a stack's virtual machines by the real Pulumi CLI and real QEMU: create, connect, kill, change, destroy. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../../lib/base/process/run.ts';
import { until } from '../../lib/base/until.ts';
import { TestStack } from '../lab/stack.ts';
import { type Guest, makeGuest } from './guest.ts';

const port = 23722;
let guest: Guest;
let stack: TestStack;
let share: string;

interface VmState {
  running: boolean;
  status: string;
  pid: number;
  accelerator: string;
  hostKey: string;
  console: string;
  folder: string;
}

const one = () => ({
  kernel: guest.kernel,
  initrd: guest.initrd,
  kernelParams: ['console=ttyS0'],
  memoryMiB: 512,
  forwardPorts: { ssh: { host: port, guest: 22 } },
  disks: { data: { sizeMiB: 64 } },
  sharedFolders: { share: { source: share } },
  startTimeoutSeconds: 300,
});

function configure(machines: object, rest: object = {}): void {
  const config = { flake: './guest', virtualMachines: machines, ...rest };
  stack.configure(config);
}

async function state(name = 'one'): Promise<VmState> {
  const { deployment } = await stack.exportState();
  const found = deployment.resources.find(
    ({ type, urn }) => type === 'nixos:index:VirtualMachine' && urn.endsWith(`::${name}`),
  );
  assert.ok(found, `${name} is in the state`);
  return found.outputs as unknown as VmState;
}

const sh = async (script: string, name = 'one') => (await stack.onVirtualMachine(name, script)).stdout.trim();

/** Sends a text to a port of this computer; returns the answer up to its first `#`. */
async function send(to: number, text: string): Promise<string> {
  const socket = createConnection(to, '127.0.0.1');
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) {
    answer += chunk;
    if (answer.includes('#')) break;
  }
  return answer;
}

const alive = (pid: number) => existsSync(`/proc/${pid}`);

/** PIDs of QEMUs and their keepers in the stack's folder. */
function machines(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return line.includes(stack.folder) && line.includes('-pidfile');
    } catch {
      return false; // No process, or it ended meanwhile.
    }
  });
}

before(async () => {
  guest = await makeGuest();
  stack = await TestStack.create({ stack: 'vm-life', network: '10.213.41' });
  share = join(stack.folder, 'share');
  mkdirSync(share);
  writeFileSync(join(share, 'hello'), 'from the operator\n');
  // Like config.system.build.vm: a script run-<name>-vm with NixOS's variables that executes QEMU.
  const script = `#!/bin/sh
set -e
test -d "$TMPDIR" && test -n "$USE_TMPDIR" && cd "$TMPDIR"
test -e "$NIX_DISK_IMAGE" || qemu-img create -q -f qcow2 "$NIX_DISK_IMAGE" 16M
exec qemu-system-x86_64 -machine accel=kvm:tcg -cpu max -name guest -m 384 -smp 1 -nographic -net nic,netdev=user.0,model=virtio \\
  -netdev user,id=user.0,"$QEMU_NET_OPTS" -drive if=virtio,file="$NIX_DISK_IMAGE" \\
  -kernel ${guest.kernel} -initrd ${guest.initrd} -append "console=ttyS0 system=tried $QEMU_KERNEL_PARAMS" $QEMU_OPTS "$@"
`;
  stack.write('guest/script', script);
  stack.write('guest/tools/.keep', '');
  copyFileSync(guest.busybox, join(stack.folder, 'project/guest/tools/busybox'));
  stack.write(
    'guest/flake.nix',
    `{ outputs = { self }: { nixosConfigurations.guest.config.system.build.vm = derivation {
      name = "nixos-vm"; system = "x86_64-linux"; builder = "\${./tools}/busybox";
      args = [ "sh" "-eu" "-c" ''b=\${./tools}/busybox; $b mkdir -p $out/bin; $b cp \${./script} $out/bin/run-guest-vm; $b chmod 555 $out/bin/run-guest-vm'' ];
    }; }; }
`,
  );
  configure({ one: one() });
});

after(async () => {
  await stack.remove();
});

test('a machine is created, reached by its forwarded port, and outlives pulumi and its shell', async () => {
  const { text } = await stack.up();
  const { running, pid, accelerator, console } = await state();
  assert.ok(running && alive(pid));
  assert.match(readFileSync(console, 'utf8'), /guest: ready/);
  if (accelerator === 'tcg') assert.match(text, /one runs without KVM, which is slow: /);
  // In its own session, without a terminal: it survives a hangup and the end of pulumi's process group.
  const session = await run('ps', ['-o', 'sid=,tty=', '-p', String(pid)], { timeoutSeconds: 10 });
  const own = await run('ps', ['-o', 'sid=', '-p', String(process.pid)], { timeoutSeconds: 10 });
  assert.notEqual(session.stdout.trim().split(/\s+/)[0], own.stdout.trim());
  assert.match(session.stdout, /\?/);
  assert.equal(
    await sh('nproc; cat /sys/block/vda/serial; echo; cat /sys/block/vda/size'),
    '1\ndata\n131072',
  );
  assert.equal(await sh('mount -t 9p -o trans=virtio share /mnt && cat /mnt/hello'), 'from the operator');
});

test('the same configuration is no change', async () => {
  const { pid } = await state();
  await stack.pulumi('preview', '--expect-no-changes');
  await stack.up();
  assert.equal((await state()).pid, pid);
});

test('the console command attaches to the console, and prints how to leave it', async () => {
  const marked = 'echo marker-$((40 + 2))\n';
  const result = await stack.node('commands/console/console.ts', ['one'], `${marked}`);
  assert.match(result.text, /Leave it with Ctrl-\]/);
  const { console } = await state();
  assert.ok(await until(() => /marker-42/.test(readFileSync(console, 'utf8')), { limitSeconds: 60 }));
});

test('the ssh command logs in', async () => {
  const result = await stack.node('commands/console/ssh.ts', ['one', '--', 'echo', 'a  b']);
  assert.equal(result.stdout.trim(), 'a  b');
});

test('a killed QEMU shows in a refresh, and up starts it again', async () => {
  const { pid, hostKey } = await state();
  process.kill(pid, 'SIGKILL');
  assert.ok(await until(() => !alive(pid), { limitSeconds: 10 }));
  const { text } = await stack.pulumi('refresh', '--yes', '--diff', '--skip-preview');
  assert.match(text, /one does not run: its QEMU ended with exit code 137/);
  assert.equal((await state()).running, false);
  assert.match((await stack.preview()).text, /running/);
  await stack.up();
  const again = await state();
  assert.ok(again.running && again.pid !== pid);
  assert.notEqual(again.hostKey, hostKey, 'without a disk for its system it is another machine');
  assert.equal(await sh('echo back'), 'back');
});

test('changed hardware is shown in the preview, and applied by a clean restart', async () => {
  const { pid, console } = await state();
  configure({ one: { ...one(), cores: 2, disks: { data: { sizeMiB: 96 } } } });
  const { text } = await stack.preview();
  assert.match(text, /one is shut down and started again, for: cores, disks/);
  assert.equal((await state()).pid, pid, 'a preview changes nothing');
  await stack.up();
  assert.ok(!alive(pid));
  assert.equal(await sh('nproc; cat /sys/block/vda/size'), '2\n196608');
  assert.match(readFileSync(console, 'utf8'), /reboot: Power down/);
});

test('a machine that waits for GDB is halted, answers GDB, and is removed when it is dropped', async () => {
  const hardware = { ...one(), cores: 2, disks: { data: { sizeMiB: 96 } } };
  const { kernel, initrd, kernelParams } = one();
  const gdb = { port: port + 3, wait: true };
  configure({ one: hardware, halted: { kernel, initrd, kernelParams, gdb } });
  const { text } = await stack.up();
  assert.match(text, /GDB attaches at 127\.0\.0\.1:23725; the machine waits for it/);
  const { status, pid } = await state('halted');
  assert.equal(status, 'prelaunch');
  // GDB's remote protocol: the reason of the halt.
  assert.match(await send(gdb.port, '$?#3f'), /^\+\$T05/);
  configure({ one: hardware });
  await stack.up();
  assert.ok(!alive(pid));
});

test('two machines with one port, and a port of another process, are errors at preview', async () => {
  configure({ one: { ...one(), cores: 2, disks: { data: { sizeMiB: 96 } } }, two: one() });
  const samePort = await stack.try('preview');
  assert.notEqual(samePort.exitCode, 0);
  assert.match(samePort.text, /port 23722 of this computer is taken by the virtual machine (one|two)/);

  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port + 1, '127.0.0.1', resolve));
  const forwardPorts = { ssh: { host: port + 1, guest: 22 } };
  configure({ one: { ...one(), cores: 2, disks: { data: { sizeMiB: 96 } }, forwardPorts } });
  const foreign = await stack.try('preview');
  server.close();
  assert.notEqual(foreign.exitCode, 0);
  assert.match(foreign.text, new RegExp(`port 23723 of this computer is taken by process ${process.pid} `));
});

test('one line of config runs a machine’s system on this computer', async () => {
  const before = await state();
  const forwardPorts = { ssh: { host: port + 2, guest: 22 } };
  const tried = { configuration: 'guest', forwardPorts, startTimeoutSeconds: 300, kernelParams: ['own=1'] };
  configure({ one: { ...one(), cores: 2, disks: { data: { sizeMiB: 96 } } }, tried });
  await stack.up();
  // Without KVM, no_timer_check comes before own parameters.
  const parameters = (await sh('cat /proc/cmdline', 'tried')).replace(' no_timer_check ', ' ');
  assert.equal(parameters, 'console=ttyS0 system=tried own=1');
  assert.equal(await sh('cat /sys/block/vda/size', 'tried'), '32768');
  assert.equal((await state()).pid, before.pid, 'the other machine is left alone');
});

test('destroy leaves no process and no file', async () => {
  const pids = [(await state()).pid, (await state('tried')).pid];
  assert.ok(machines().length >= 2, 'each QEMU, and its keeper');
  await stack.pulumi('destroy', '--yes', '--skip-preview');
  assert.deepEqual(pids.filter(alive), []);
  assert.deepEqual(machines(), []);
  assert.ok(!existsSync(join(stack.folder, 'state/nixos-fleet/vm')));
});
