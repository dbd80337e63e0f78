import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { parseReading } from '../../../../lib/machine/parse-reading.ts';

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
const print = (values: Record<string, string>) =>
  Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

test('everything printed is read', () => {
  const reading = parseReading(print(lines));
  assert.equal(reading?.machineId, lines['machine-id']);
  assert.equal(reading?.generation, 7);
  assert.equal(reading?.since, new Date(1790000000_000).toISOString());
  assert.equal(reading?.record?.revision, 'abc');
  assert.deepEqual(reading?.free, { nix: 1000, boot: undefined });
  assert.equal(reading?.rebootDue, false);
  assert.equal(reading?.busy, undefined);
});

test('output that was cut off is no reading', () => {
  const text = print(lines);
  assert.equal(parseReading(text.slice(0, text.indexOf('end=yes'))), undefined);
  assert.equal(parseReading(''), undefined);
});

test('a machine where nothing was deployed has empty paths', () => {
  const reading = parseReading(
    print({ uid: '0', 'machine-id': 'x', generation: '', current: '', end: 'yes' }),
  );
  assert.equal(reading?.system, '');
  assert.equal(reading?.generation, 0);
  assert.equal(reading?.since, '');
  assert.equal(reading?.nixos, false);
});

test('a record that cannot be read is none', () => {
  for (const record of ['', base64('{'), base64('{"host":1}')]) {
    assert.equal(parseReading(print({ ...lines, record }))?.record, undefined);
  }
});

test('a deployment under way is told with its holder', () => {
  const holder = base64('unit=nixos-fleet-1\nby=ann@laptop\nsince=1790000000\n');
  assert.deepEqual(parseReading(print({ ...lines, busy: 'yes', holder }))?.busy, {
    unit: 'nixos-fleet-1',
    by: 'ann@laptop',
    since: new Date(1790000000_000).toISOString(),
  });
  assert.equal(parseReading(print({ ...lines, busy: 'yes' }))?.busy?.unit, 'unknown');
});

test('each part of a kernel that differs from the booted one makes a reboot due', () => {
  for (const part of ['kernel', 'initrd', 'kernel-modules', 'kernel-params']) {
    const value = part === 'kernel-params' ? base64('quiet') : '/nix/store/other';
    for (const name of ['current', 'profile']) {
      assert.equal(
        parseReading(print({ ...lines, [`${name}-${part}`]: value }))?.rebootDue,
        true,
        `${name} ${part}`,
      );
    }
    const container = { ...lines, [`current-${part}`]: value, container: 'yes' };
    assert.equal(parseReading(print(container))?.rebootDue, false);
  }
});

test('the script itself reads this computer', () => {
  const script = readFileSync(new URL('../../../../lib/machine/read-machine.sh', import.meta.url), 'utf8');
  const reading = parseReading(execFileSync('sh', ['-s'], { input: script, encoding: 'utf8' }));
  assert.ok(reading, hostname());
  assert.match(reading.bootId, /^[0-9a-f-]{36}$/);
  assert.equal(reading.kernel, execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim());
});
