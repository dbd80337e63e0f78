import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildSettings } from '../../../../../lib/store/builders/build-settings.ts';
import { machineLine, systemsOf } from '../../../../../lib/store/builders/machine-line.ts';
import {
  type Builder,
  builder,
  builders,
  formatBuilders,
  parseBuilders,
} from '../../../../../schema/builder.ts';

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7xL2 root@big';
const big: Builder = builder.parse({
  address: 'big.example.org',
  hostKey,
  user: 'nix',
  identityFile: '/root/.ssh/builder',
  systems: ['aarch64-linux', 'armv7l-linux'],
  supportedFeatures: ['kvm', 'big-parallel'],
  mandatoryFeatures: ['kvm'],
  maxJobs: 8,
  speedFactor: 1.5,
});

test('a builder is a line in Nix’s format, its host key without the comment and in base64', () => {
  const key = Buffer.from('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7xL2').toString('base64');
  assert.equal(
    machineLine(big),
    `ssh-ng://nix@big.example.org aarch64-linux,armv7l-linux /root/.ssh/builder 8 1.5 kvm,big-parallel kvm ${key}`,
  );
});

test('a missing value is a dash; an IPv6 address has brackets', () => {
  const plain = builder.parse({
    address: '2001:db8::7',
    hostKey,
    systems: ['x86_64-linux'],
    supportedFeatures: [],
  });
  assert.match(machineLine(plain), /^ssh-ng:\/\/root@\[2001:db8::7\] x86_64-linux - 1 1 - - \S+$/);
});

test('a mandatory feature is also listed as supported', () => {
  assert.match(machineLine({ ...big, supportedFeatures: [], mandatoryFeatures: ['kvm'] }), / kvm kvm \S+$/);
});

test('a builder without a host key is refused', () => {
  const { hostKey: _, ...without } = big;
  assert.equal(builder.safeParse(without).success, false);
});

test('builders survive formatting and parsing, with their defaults', () => {
  const declared = { small: { address: 'small', hostKey, systems: ['x86_64-linux'] } };
  assert.deepEqual(parseBuilders(formatBuilders(declared)), builders.parse(declared));
  assert.equal(formatBuilders({}), undefined);
  assert.deepEqual(parseBuilders(undefined), {});
});

test('the systems of a builders setting are parsed', () => {
  const setting = '@/etc/nix/machines\nssh://a x86_64-linux,i686-linux - 1 ; ssh-ng://b\n# none\n';
  assert.deepEqual(systemsOf(setting), ['x86_64-linux', 'i686-linux', undefined]);
});

test('the computer’s own builders stay, and a system that a builder has natively is not emulated', () => {
  const computer = {
    system: 'x86_64-linux',
    extraPlatforms: ['i686-linux', 'aarch64-linux', 'riscv64-linux'],
    builders: '@/etc/nix/machines',
    substituters: [],
  };
  assert.deepEqual(buildSettings({}, computer), {});
  const settings = buildSettings({ big }, computer);
  assert.equal(settings['extra-platforms'], 'i686-linux riscv64-linux');
  assert.deepEqual(settings.builders?.split('\n'), ['@/etc/nix/machines', machineLine(big)]);
});
