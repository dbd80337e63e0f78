import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeDisk, parseDisk } from '../../../../../lib/images/disk/parse-disk.ts';
import { Reply } from '../../../../../lib/machine/script/reply.ts';
import { someDisk } from './found.ts';

const printed = `architecture=x86_64
machine-id=abc
boot-id=def
memory-kib=1024
tool=gzip
other=/dev/vda: serial first, 67108864 bytes
device=/dev/vdb
kind=disk
bytes=1073741824
sector=512
read-only=0
model=QEMU x=y
serial=second
serial=0x5000
content=partition table gpt
content=vdb1: ext4 'a=b', 10 MiB
running=yes
use=/dev/vdb1 is mounted at / (ext4)
head=aa
digest=bb
unfinished=aa
end=yes
`;

test('a reply is parsed, also with special characters in names', () => {
  const reading = parseDisk(new Reply('web', { stdout: printed }), '/dev/disk/by-id/x');
  assert.deepEqual(reading, {
    found: {
      device: '/dev/vdb',
      kind: 'disk',
      serials: ['second', '0x5000'],
      model: 'QEMU x=y',
      sizeBytes: 2 ** 30,
      sectorBytes: 512,
      readOnly: false,
      contents: ['partition table gpt', "vdb1: ext4 'a=b', 10 MiB"],
      uses: ['/dev/vdb1 is mounted at / (ext4)'],
      running: true,
      others: ['/dev/vda: serial first, 67108864 bytes'],
      architecture: 'x86_64',
    },
    tools: new Set(['gzip']),
    memoryKiB: 1024,
    machineId: 'abc',
    bootId: 'def',
    headSha256: 'aa',
    unfinished: 'aa',
    digest: 'bb',
  });
});

test('a disk is described in one line, with its size in units', () => {
  assert.equal(
    describeDisk(someDisk()),
    '/dev/nvme0n1: serial S4EVNX0R1, 1073741824 bytes (1 GiB), Samsung SSD, empty',
  );
  const used = someDisk({ contents: ['ext4', "swap 'x'"], uses: ['mounted'], running: true, serials: [] });
  assert.match(describeDisk(used), /serial none, .*, holds ext4; swap 'x', the machine runs from it$/);
});
