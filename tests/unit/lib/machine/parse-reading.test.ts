import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReading } from '../../../../lib/machine/parse-reading.ts';
import { Reply } from '../../../../lib/machine/script/reply.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const system = '/nix/store/00000000000000000000000000000000-nixos-system-web';
const lines: Record<string, string> = {
  uid: '0',
  'machine-id': 'f056788d993246d1a465fe1166ff445d',
  'boot-id': '5a815709-5cf7-41c3-a976-a727fd12d688',
  kernel: '6.18.2',
  nixos: 'yes',
  nix: 'yes',
  current: system,
  booted: system,
  profile: system,
  generation: '7',
  since: '1790000000',
  'current-kernel': '/nix/store/k/bzImage',
  'booted-kernel': '/nix/store/k/bzImage',
  'profile-kernel': '/nix/store/k/bzImage',
  'free-nix': '1000',
  record: base64(JSON.stringify({ host: 'web', system, revision: 'abc', by: 'me@here', at: 'now' })),
  end: 'yes',
};
const read = (values: Record<string, string>) => {
  const printed = Object.entries(values).map(([key, value]) => `${key}=${value}\n`);
  return parseReading(new Reply('web', { stdout: printed.join('') }));
};

test('every value of the reply is read', () => {
  const reading = read(lines);
  assert.equal(reading.machineId, lines['machine-id']);
  assert.equal(reading.generation, 7);
  assert.equal(reading.since, new Date(1790000000_000).toISOString());
  assert.equal(reading.record?.revision, 'abc');
  assert.deepEqual(reading.free, { nix: 1000, boot: undefined });
  assert.equal(reading.rebootDue, false);
  assert.equal(reading.busy, undefined);
});

test('a machine where nothing was deployed has empty paths', () => {
  const reading = read({ uid: '0', 'machine-id': 'x', generation: '', current: '', end: 'yes' });
  assert.equal(reading.system, '');
  assert.equal(reading.generation, 0);
  assert.equal(reading.since, '');
  assert.equal(reading.nixos, false);
});

test('an unreadable record is ignored', () => {
  for (const record of ['', base64('{'), base64('{"host":1}')]) {
    assert.equal(read({ ...lines, record }).record, undefined);
  }
});

test('a deployment in progress is read with its holder', () => {
  const holder = base64('unit=nixos-fleet-1\nby=ann@laptop\nsince=1790000000\n');
  assert.deepEqual(read({ ...lines, busy: 'yes', holder }).busy, {
    unit: 'nixos-fleet-1',
    by: 'ann@laptop',
    since: new Date(1790000000_000).toISOString(),
  });
  assert.equal(read({ ...lines, busy: 'yes' }).busy?.unit, 'unknown');
});

test('each part of a kernel that differs from the booted one makes a reboot due', () => {
  for (const part of ['kernel', 'initrd', 'kernel-modules', 'kernel-params']) {
    const value = part === 'kernel-params' ? base64('quiet') : '/nix/store/other';
    for (const name of ['current', 'profile']) {
      assert.equal(read({ ...lines, [`${name}-${part}`]: value }).rebootDue, true, `${name} ${part}`);
    }
    const container = { ...lines, [`current-${part}`]: value, container: 'yes' };
    assert.equal(read(container).rebootDue, false);
  }
});
