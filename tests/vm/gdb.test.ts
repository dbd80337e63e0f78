/** The gdb command on a self-built kernel, from its first instruction on. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { evaluateFleet } from '../../lib/evaluation/evaluate-fleet.ts';
import { kernelFixture } from '../fixtures/kernels/request.ts';
import { TestStack } from '../lab/stack.ts';

const gdbPort = 23733;
let stack: TestStack;
let outPath: string;
let modDirVersion: string;

const gdb = (...args: string[]) =>
  stack.node('commands/gdb/main.ts', ['debugged', '--stack', stack.stack, ...args]);

before(async () => {
  const request = await kernelFixture();
  const fleet = await evaluateFleet({ ...request, hosts: { plain: 'plain' } });
  const [kernel] = Object.values(fleet.kernels);
  assert.ok(kernel);
  ({ outPath, modDirVersion } = kernel);
  stack = await TestStack.create({ stack: 'gdb', network: '10.213.47' });
  const machine = {
    kernel: `${outPath}/bzImage`,
    kernelParams: ['console=ttyS0', 'nokaslr'],
    memoryMiB: 256,
    gdb: { port: gdbPort, wait: true },
  };
  const config = {
    flake: request.flake,
    overrideInputs: request.overrideInputs,
    checkLive: false,
    hosts: { vm: { address: '127.0.0.1', configuration: 'plain' } },
    virtualMachines: { debugged: machine },
  };
  stack.configure(config);
  // The host does not exist, so it is not deployed; QEMU loads the kernel, which is built first.
  const up = (...targets: string[]) =>
    stack.pulumi('up', '--yes', '--skip-preview', ...targets.flatMap((target) => ['--target', target]));
  await up('**Fleet::fleet', '**nixos:index:Kernel::linux');
  await up('**:VirtualMachine**');
});

after(() => stack?.remove());

test('GDB stops at start_kernel, shows the source, and runs the kernel’s own commands', async () => {
  const commands = ['hbreak start_kernel', 'continue', 'backtrace', 'list', 'lx-version', 'detach'];
  const shown = await gdb('--', '-nx', '-batch', ...commands.flatMap((command) => ['-ex', command]));
  assert.equal(shown.exitCode, 0, shown.text);
  assert.match(shown.text, /Breakpoint 1, start_kernel \(\) at .*\/init\/main\.c:\d+/);
  assert.match(shown.text, /^#0 {2}start_kernel/m);
  assert.match(shown.text, /^\d+\s+.*void start_kernel\(void\)/m);
  assert.ok(shown.text.includes(`Linux version ${modDirVersion} (nix@lab)`), shown.text);
});

test('a vmlinux that does not exist is an error that names it', async () => {
  const shown = await gdb('--vmlinux', '/nonexistent/vmlinux');
  assert.equal(shown.exitCode, 2);
  assert.match(shown.text, /\/nonexistent\/vmlinux does not exist/);
});
