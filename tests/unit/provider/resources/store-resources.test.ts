import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kernel } from '../../../../provider/resources/kernel/kernel.ts';
import { system } from '../../../../provider/resources/system/system.ts';
import { unknown } from '../../../../provider/wire/unknown.ts';

const path = (letter: string, name: string) => `/nix/store/${letter.repeat(32)}-${name}`;
const webA = { host: 'web', drvPath: path('a', 'web.drv'), outPath: path('b', 'web') };
const kernelA = {
  version: '6.12.1',
  modDirVersion: '6.12.1',
  drvPath: path('a', 'linux.drv'),
  outPath: path('b', 'linux'),
  source: 'linux-6.12.1.tar.xz',
  sourceRevision: '',
  dev: '',
  machines: [],
  patches: {},
  config: { KVM: 'm', EXT4: 'y' },
};

test('the same closure is no change, whatever derivation or new fact comes with it', () => {
  const recorded = { id: 'x', inputs: webA, state: { ...webA, gcRoot: '/r' } };
  assert.deepEqual(system.diff(recorded, { ...webA, drvPath: path('c', 'web.drv'), host: 'www' }), {
    changes: false,
    detailed: {},
  });
  const old = { id: 'x', inputs: kernelA, state: { ...kernelA, gcRoot: '/r' } };
  const asked = { ...kernelA, config: { ...kernelA.config, NEW: 'y' }, newFact: 'z' };
  assert.equal(kernel.diff(old, asked).changes, false);
});

test('a new system shows its path', () => {
  const recorded = { id: 'x', inputs: webA, state: { ...webA, gcRoot: '/r' } };
  const diff = system.diff(recorded, { ...webA, drvPath: path('c', 'web.drv'), outPath: path('d', 'web') });
  assert.deepEqual(Object.keys(diff.detailed), ['outPath']);
  assert.equal(diff.changes, true);
});

test('a new kernel shows each symbol that differs, and not its derivation', () => {
  const old = { id: 'x', inputs: kernelA, state: { ...kernelA, gcRoot: '/r' } };
  const asked = {
    ...kernelA,
    drvPath: path('c', 'linux.drv'),
    outPath: path('d', 'linux'),
    config: { KVM: 'y', EXT4: 'y', KGDB: 'y' },
    patches: { 'fix.patch': 'fix.patch' },
  };
  assert.deepEqual(kernel.diff(old, asked).detailed, {
    outPath: { kind: 'update', inputDiff: true },
    'config.KVM': { kind: 'update', inputDiff: true },
    'config.KGDB': { kind: 'add', inputDiff: true },
    'patches["fix.patch"]': { kind: 'add', inputDiff: true },
  });
});

test('an output that is not known yet is a change', () => {
  const recorded = { id: 'x', inputs: webA, state: { ...webA, gcRoot: '/r' } };
  assert.equal(system.diff(recorded, { ...webA, outPath: unknown as never }).changes, true);
});

test('a preview knows what dependents need', () => {
  assert.equal(system.preview(webA).outPath, webA.outPath);
  assert.equal(kernel.preview(kernelA).outPath, kernelA.outPath);
});

test('a new kernel’s notes name its machines, and what Kconfig changed beside the desired symbols', () => {
  const inputs = { ...kernelA, configured: 'EXT4=y\nKVM=m\nKVM_INTEL=m\nNR_CPUS=64' };
  const old = { id: 'x', inputs, state: { ...inputs, gcRoot: '/r' } };
  const asked = {
    ...inputs,
    outPath: path('d', 'linux'),
    machines: ['db', 'web'],
    config: { KVM: 'y', EXT4: 'y' },
    configured: 'EXT4=y\nKVM=y\nNR_CPUS=64\nXEN=y',
  };
  assert.deepEqual(kernel.diff(old, asked).notes, [
    'for db, web: each runs it after its next restart',
    'Kconfig changes with them:\n  ~ KVM_INTEL: m => n\n  ~ XEN: n => y',
  ]);
});

test('of an imported kernel only the path is compared', () => {
  const inputs = { ...kernelA, drvPath: '', config: {}, source: '' };
  const old = { id: 'x', inputs, state: { ...inputs, gcRoot: '/r' } };
  const diff = kernel.diff(old, { ...kernelA, outPath: path('d', 'linux') });
  assert.deepEqual(Object.keys(diff.detailed), ['outPath']);
  assert.match(diff.notes?.[0] ?? '', /symbols of an imported kernel are not known/);
});
