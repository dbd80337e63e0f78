import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machineNamed, virtualMachineNamed } from '../../../../commands/console/virtual-machines.ts';
import { parseExport } from '../../../../commands/exported-stack.ts';

const vm = (name: string, more: object = {}) => ({
  type: 'nixos:index:VirtualMachine',
  outputs: {
    stack: 'dev',
    name,
    address: '127.0.0.1',
    port: 2222,
    user: 'root',
    identityFile: '/key',
    ...more,
  },
});
const host = (name: string, address: string) => ({
  type: 'nixos:index:Deployment',
  inputs: { host: name, connection: { address } },
});
const exported = (...resources: object[]) => parseExport(JSON.stringify({ deployment: { resources } }));

test('a machine is found as a host first, then as a virtual machine', () => {
  const state = exported(vm('base'), vm('web'), host('web', '10.0.0.1'));
  assert.equal(machineNamed(state, 'web').connection.address, '10.0.0.1');
  const base = machineNamed(state, 'base').connection;
  assert.deepEqual([base.address, base.port, base.identityFile], ['127.0.0.1', 2222, '/key']);
  assert.equal(virtualMachineNamed(state, 'base').stack, 'dev');
});

test('a machine without a forwarded ssh port is an error that names the console', () => {
  const state = exported(vm('base', { port: undefined }));
  assert.throws(() => machineNamed(state, 'base'), /no port of this computer[\s\S]*npm run console -- base/);
});

test('an unknown name is an error that lists the known ones', () => {
  assert.throws(
    () => virtualMachineNamed(exported(vm('base')), 'bace'),
    /it has: base[\s\S]*Did you mean base\?/,
  );
  assert.throws(() => machineNamed(exported(), 'base'), /it has no machine/);
});
