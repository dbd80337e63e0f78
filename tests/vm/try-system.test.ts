/** One line of config runs the system of a lab container in a virtual machine on this computer. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestStack } from '../lab/stack.ts';

let stack: TestStack;

before(async () => {
  stack = await TestStack.create({ stack: 'try-system', network: '10.213.48' });
  const forwardPorts = { ssh: { host: 23731, guest: 22 }, http: { host: 23732, guest: 80 } };
  const config = {
    flake: './nix/lab',
    lab: {},
    virtualMachines: { 'try-web': { configuration: 'web', forwardPorts } },
  };
  stack.configure(config);
});

after(async () => {
  await stack.remove();
});

async function hostKey(): Promise<unknown> {
  const { deployment } = await stack.exportState();
  return deployment.resources.find(({ type }) => type === 'nixos:index:VirtualMachine')?.outputs.hostKey;
}

test('a machine’s system runs on this computer, with its own kernel and services', async () => {
  const { text } = await stack.pulumi('up', '--yes', '--skip-preview');
  assert.match(text, /try-web-vm/);
  const page = await fetch('http://127.0.0.1:23732/');
  assert.match(await page.text(), /Hello from the fleet/);
  const inside = await stack.node('commands/console/ssh.ts', [
    'try-web',
    '--',
    'sh',
    '-c',
    'hostname; cat /run/heartbeat/message; readlink -f /run/current-system; cat /run/current-system/kernel-params; echo; cat /proc/cmdline',
  ]);
  const [hostName, message, system = '', params = '', commandLine = ''] = inside.stdout.trim().split('\n');
  assert.deepEqual([hostName, message], ['web', 'web is alive']);
  assert.ok(commandLine.startsWith(`init=${system}/init ${params}`), commandLine);
});

test('the same system is no change; another one is previewed and booted by the same virtual machine', async () => {
  await stack.pulumi('preview', '--expect-no-changes');
  stack.edit('nix/lab/hosts/web.nix', 'Hello from the fleet.', 'Hello from a VM.');
  const { text } = await stack.preview();
  assert.match(text, /~ outPath\s*: "\/nix\/store\/[^"]*-run-web-vm" => "\/nix\/store\/[^"]*-run-web-vm"/);
  assert.match(text, /try-web is shut down and started again, for: system/);

  const before = await hostKey();
  await stack.up();
  const page = await fetch('http://127.0.0.1:23732/');
  assert.match(await page.text(), /Hello from a VM/);
  assert.equal(await hostKey(), before, 'it is the same machine');
});
