import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskInstall } from '../../../../../provider/resources/disk-install/disk-install.ts';
import { unknown } from '../../../../../provider/wire/unknown.ts';
import {
  type DiskInstallInputs,
  type DiskInstallState,
  diskInstallInputs,
} from '../../../../../schema/disk-install.ts';
import { someDisk } from '../../../lib/images/disk/found.ts';

const inputs = diskInstallInputs.parse({
  host: 'web',
  connection: { address: 'web.example.org' },
  disk: '/dev/disk/by-id/nvme-1',
  serial: 'S4EVNX0R1',
  image: '/nix/store/a-image/web.qcow2',
  found: someDisk(),
});
const state: DiskInstallState = {
  ...inputs,
  state: 'verified',
  serials: ['S4EVNX0R1'],
  bytes: 512,
  sha256: 'aa',
  headSha256: 'bb',
  backupTable: '',
  machineId: 'cc',
  bootId: 'dd',
  writtenAt: '2026-01-01T00:00:00.000Z',
  present: 'yes',
};
const recorded = { id: 'web/S4EVNX0R1', inputs, state };
const other = '/nix/store/b-image/web.qcow2';
const changesOf = (asked: Partial<DiskInstallInputs>, was: Partial<DiskInstallState> = {}) =>
  Object.keys(
    diskInstall.diff({ ...recorded, state: { ...state, ...was } }, { ...inputs, ...asked }).detailed,
  );

test('a disk that was written is left alone, whatever it holds or its inputs are since', () => {
  const used = someDisk({ running: true, uses: ['mounted'], contents: ['ext4'] });
  assert.deepEqual(changesOf({ found: used, image: other, overwrite: 'S4EVNX0R1', disk: '/dev/sdb' }), []);
  assert.deepEqual(changesOf({}, { present: 'unknown' }), []);
  assert.deepEqual(diskInstall.check?.({ ...inputs, found: used, image: other }, inputs), {});
});

test('another image is written over it only with onImageChange: rewrite, and a preview evaluates the guards', () => {
  const asked = { ...inputs, image: other, onImageChange: 'rewrite' } as const;
  assert.deepEqual(changesOf(asked), ['image']);
  const found = someDisk({ running: true, uses: ['/dev/nvme0n1p2 is mounted at / (ext4)'] });
  const refused = () => diskInstall.diff(recorded, { ...asked, found });
  assert.throws(refused, /web: nothing is written onto \/dev\/nvme0n1 \[disk-refused\]/);
  assert.throws(refused, /guard running: the machine runs from \/dev\/nvme0n1/);
  // The image that is on it already is not written again.
  assert.equal(diskInstall.diff(recorded, { ...asked, image: inputs.image, found }).changes, false);
});

test('the written image decides, not one that was desired while the disk was kept', () => {
  const kept = { ...recorded, inputs: { ...inputs, image: other } };
  const asked = { ...inputs, image: other, onImageChange: 'rewrite' } as const;
  assert.deepEqual(Object.keys(diskInstall.diff(kept, asked).detailed), ['image']);
});

test('a file with another content is another image', () => {
  const file = { image: '/srv/web.raw', imageHash: 'one' };
  const asked = { ...file, imageHash: 'two', onImageChange: 'rewrite' } as const;
  assert.deepEqual(changesOf(asked, file), ['imageHash']);
});

test('an unfinished one is written again, and another disk is another resource', () => {
  assert.deepEqual(changesOf({}, { state: 'unfinished' }), ['state']);
  const { detailed } = diskInstall.diff(recorded, { ...inputs, serial: 'other' });
  assert.equal(detailed.serial?.kind, 'update-replace');
});

test('host keys or a reboot that failed after the write are due at the next up, without another write (fault 36)', () => {
  assert.deepEqual(changesOf({}, { state: 'written' }), ['state']);
  assert.deepEqual(changesOf({ image: other }, { state: 'written' }), ['state'], 'the image stays');
});

test('a new one is judged at preview by how the program saw the disk', () => {
  const contents = ['partition table gpt'];
  const problems = diskInstall.check?.({ ...inputs, found: someDisk({ contents }) });
  assert.match(problems?.disk ?? '', /guard contents: \/dev\/nvme0n1 is not empty/);
  const small = diskInstall.check?.({ ...inputs, imageSizeMiB: 2048 });
  assert.match(small?.disk ?? '', /guard room/);
  assert.deepEqual(
    diskInstall.check?.({ ...inputs, found: undefined }),
    {},
    'a machine that is not there yet',
  );
  const { serial: _, ...unnamed } = inputs;
  assert.match(diskInstall.check?.(unnamed)?.serial ?? '', /is needed; for a disk that has none, sizeBytes/);
});

test('a preview shows what is known, and keeps the recorded outputs of a disk that is not written', () => {
  const fresh = diskInstall.preview({ ...inputs, image: unknown as never });
  assert.deepEqual([fresh.state, fresh.sha256], ['verified', undefined]);
  const same = diskInstall.preview({ ...inputs, image: other }, recorded);
  assert.deepEqual([same.image, same.sha256], [inputs.image, 'aa']);
});
