import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DiskRequest, refusals } from '../../../../../lib/images/disk/guards.ts';
import type { DiskFound } from '../../../../../schema/disk-install.ts';
import { someDisk } from './found.ts';

const request: DiskRequest = { disk: '/dev/disk/by-id/nvme-1', serial: 'S4EVNX0R1', imageBytes: 2 ** 29 };
const guards = (given: Partial<DiskRequest>, found: Partial<DiskFound>, own = false) =>
  refusals({ ...request, ...given }, someDisk(found), own).map(({ guard }) => guard);

test('an empty disk with the configured serial or WWN is written', () => {
  assert.deepEqual(guards({}, {}), []);
  assert.deepEqual(guards({ serial: 'eui.0025385b21404321' }, {}), []);
});

test('a missing disk and a partition are refused, and existing disks are listed', () => {
  const [refused] = refusals(request, someDisk({ kind: 'missing' }));
  assert.equal(refused?.guard, 'missing');
  assert.match(refused?.why ?? '', /it has\n- \/dev\/sda: serial WD-1/);
  assert.deepEqual(guards({}, { kind: 'partition' }), ['not-a-disk']);
  assert.deepEqual(guards({}, { kind: 'other' }), ['not-a-disk']);
});

test('a different serial, an omitted one, and a disk without the configured one are refused', () => {
  assert.deepEqual(guards({ serial: 'S4EVNX0R2' }, {}), ['serial']);
  assert.deepEqual(guards({ serial: 'S4EVNX0R' }, {}), ['serial'], 'a beginning of it is another serial');
  assert.deepEqual(guards({ serial: undefined, sizeBytes: 2 ** 30 }, {}), ['serial']);
  assert.deepEqual(guards({}, { serials: [] }), ['serial']);
});

test('a disk without a serial is identified by its size', () => {
  const unnamed = { serial: undefined, sizeBytes: 2 ** 30 };
  assert.deepEqual(guards(unnamed, { serials: [] }), []);
  assert.deepEqual(guards(unnamed, { serials: [], sizeBytes: 2 ** 31 }), ['size']);
  assert.deepEqual(guards(unnamed, { serials: [], contents: ['ext4'] }), ['contents']);
  assert.deepEqual(
    guards({ ...unnamed, overwrite: String(2 ** 30) }, { serials: [], contents: ['ext4'] }),
    [],
  );
});

test('a disk with the wrong serial is not checked further', () => {
  assert.deepEqual(guards({ serial: 'other' }, { contents: ['ext4'], uses: ['swap'], readOnly: true }), [
    'serial',
  ]);
});

test('a disk that the image does not fit is refused', () => {
  assert.deepEqual(guards({ imageBytes: 2 ** 30 }, {}), []);
  assert.deepEqual(guards({ imageBytes: 2 ** 30 + 512 }, {}), ['room']);
  assert.deepEqual(guards({ imageSectorBytes: 512 }, { sectorBytes: 4096 }), ['sectors']);
  assert.deepEqual(guards({}, { readOnly: true }), ['read-only']);
});

test('an image for another architecture is refused', () => {
  assert.deepEqual(guards({ platform: 'x86_64-linux' }, {}), []);
  assert.deepEqual(guards({ platform: 'aarch64-linux' }, {}), ['architecture']);
  assert.deepEqual(guards({ platform: 'armv7l-linux' }, { architecture: 'armv7l' }), []);
});

test('a disk in use is refused despite overwrite, and the running one unless kexec is set', () => {
  const uses = ['/dev/nvme0n1p2 is mounted at / (ext4)'];
  const given = { overwrite: 'S4EVNX0R1' };
  assert.deepEqual(guards(given, { uses }), ['in-use']);
  assert.deepEqual(guards(given, { uses, running: true }), ['running']);
  assert.deepEqual(guards({ ...given, kexec: '/ram' }, { uses, running: true }), []);
  assert.deepEqual(
    guards({ ...given, kexec: '/ram' }, { uses }),
    ['in-use'],
    'no way out of what is not its own',
  );
});

test('a disk that is not empty is refused, unless overwrite names it or it has our own unfinished image', () => {
  const contents = ['partition table gpt', "nvme0n1p1: ext4 'data', 900 MiB"];
  const [refused] = refusals(request, someDisk({ contents }));
  assert.equal(refused?.guard, 'contents');
  assert.match(refused?.why ?? '', /is not empty:\n- partition table gpt\n- nvme0n1p1: ext4 'data'/);
  assert.match(refused?.fix ?? '', /set overwrite: S4EVNX0R1/);
  assert.deepEqual(guards({ overwrite: 'S4EVNX0R1' }, { contents }), []);
  assert.deepEqual(guards({}, { contents }, true), []);
});

test('an overwrite that names another disk is refused, even if the disk is empty or has our own unfinished image', () => {
  assert.deepEqual(guards({ overwrite: 'WD-1' }, {}), ['contents']);
  assert.deepEqual(guards({ overwrite: 'WD-1' }, { contents: ['ext4'] }, true), ['contents']);
  assert.deepEqual(guards({ overwrite: 'yes' }, { contents: ['ext4'] }), ['contents']);
});

test('all refusals are reported at once', () => {
  assert.deepEqual(guards({ imageBytes: 2 ** 31 }, { readOnly: true, uses: ['swap'], contents: ['swap'] }), [
    'room',
    'read-only',
    'in-use',
    'contents',
  ]);
});
