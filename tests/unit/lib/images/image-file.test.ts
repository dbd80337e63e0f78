import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatOfName, fromHeader } from '../../../../lib/images/image-file.ts';

const none = { head: Buffer.alloc(512), tail: Buffer.alloc(512), iso: Buffer.alloc(5) };

test('the size of a qcow2’s disk is read from its header', () => {
  const head = Buffer.alloc(512);
  head.write('QFI\xfb', 0, 'latin1');
  head.writeBigUInt64BE(3n * 2n ** 40n, 24);
  assert.deepEqual(fromHeader('/x/disk', 4096, { ...none, head }), {
    format: 'qcow2',
    virtualSizeBytes: 3 * 2 ** 40,
  });
});

test('a vmdk’s size is in sectors, a VHD’s in its footer', () => {
  const head = Buffer.alloc(512);
  head.write('KDMV', 0, 'latin1');
  head.writeBigUInt64LE(2048n, 12);
  assert.deepEqual(fromHeader('/x/disk.vmdk', 99, { ...none, head }), {
    format: 'vmdk',
    virtualSizeBytes: 2 ** 20,
  });
  const tail = Buffer.alloc(512);
  tail.write('conectix', 0, 'latin1');
  tail.writeBigUInt64BE(5n * 2n ** 30n, 48);
  assert.deepEqual(fromHeader('/x/disk.vhd', 99, { ...none, tail }), {
    format: 'vpc',
    virtualSizeBytes: 5 * 2 ** 30,
  });
});

test('an ISO is detected by name or content, an archive has no size, anything else is raw', () => {
  assert.equal(fromHeader('/x/a.iso', 7, none).format, 'iso');
  assert.equal(fromHeader('/x/a', 7, { ...none, iso: Buffer.from('CD001') }).format, 'iso');
  assert.deepEqual(fromHeader('/x/a.tar.xz', 7, none), { format: 'tar.xz' });
  assert.deepEqual(fromHeader('/x/a.img.zst', 7, none), { format: 'zst' });
  assert.deepEqual(fromHeader('/x/a.img', 7, none), { format: 'raw', virtualSizeBytes: 7 });
  // A file shorter than a header.
  assert.equal(
    fromHeader('/x/a', 3, { head: Buffer.from('QFI'), tail: Buffer.from('QFI'), iso: Buffer.alloc(0) })
      .format,
    'raw',
  );
});

test('the format is known from the name before the file exists', () => {
  assert.equal(formatOfName('nixos.qcow2'), 'qcow2');
  assert.equal(formatOfName('iso/nixos.iso'), 'iso');
  assert.equal(formatOfName('disk.vhd'), 'vpc');
  assert.equal(formatOfName('image'), undefined);
});
