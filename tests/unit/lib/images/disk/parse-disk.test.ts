import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { describeDisk, formatBytes } from '../../../../../lib/images/disk/describe.ts';
import { parseDisk } from '../../../../../lib/images/disk/parse-disk.ts';
import { someDisk } from './found.ts';

const script = (name: string) =>
  readFileSync(new URL(`../../../../../lib/images/disk/${name}`, import.meta.url), 'utf8');

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

test('what a machine printed of a disk is read, with whatever is in its names', () => {
  const reading = parseDisk(printed, '/dev/disk/by-id/x');
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

test('an answer that was cut off is none, whatever it says', () => {
  assert.equal(parseDisk(printed.replace('end=yes\n', ''), '/dev/vdb'), undefined);
  assert.equal(parseDisk('', '/dev/vdb'), undefined);
});

test('a disk that is not there is told by the name that was asked for, on this computer too', () => {
  const input = `${script('disks.sh')}disk='/dev/no such' serial= patience=0\n${script('read-disk.sh')}`;
  const answer = execFileSync('sh', ['-s'], { input, encoding: 'utf8' });
  const reading = parseDisk(answer, '/dev/no such');
  assert.deepEqual([reading?.found.kind, reading?.found.device], ['missing', '/dev/no such']);
  assert.ok(reading?.bootId);
});

test('serials come from wherever the kernel has them, each once, without padding', () => {
  const folder = mkdtempSync(join(tmpdir(), 'blocks-'));
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  // virtio tells it without a line's end, SCSI behind four bytes, others padded.
  write('vda/serial', 'second');
  write('sda/device/vpd_pg80', '\0\x80\0\x08  WD-12  ');
  write('sda/device/wwid', 'naa.5000\n');
  write('nvme0n1/device/serial', 'S4EVNX0R1      \n');
  write('nvme0n1/wwid', 'eui.0025\n');
  const input = `${script('disks.sh')}blocks=${folder}\nfor name in vda sda nvme0n1; do serials $name; done\n`;
  assert.deepEqual(execFileSync('sh', ['-s'], { input, encoding: 'utf8' }).match(/(?<==).*/g), [
    ...['second', 'WD-12', 'naa.5000', 'S4EVNX0R1', 'eui.0025'],
  ]);
  rmSync(folder, { recursive: true });
});

test('the scripts are valid shell', () => {
  for (const name of ['disks.sh', 'read-disk.sh', 'write-disk.sh'])
    execFileSync('sh', ['-n'], { input: script(name) });
});

test('a disk is described in one line, with its sizes in words', () => {
  assert.equal(
    describeDisk(someDisk()),
    '/dev/nvme0n1: serial S4EVNX0R1, 1073741824 bytes (1 GiB), Samsung SSD, empty',
  );
  const used = someDisk({ contents: ['ext4', "swap 'x'"], uses: ['mounted'], running: true, serials: [] });
  assert.match(describeDisk(used), /serial none, .*, holds ext4; swap 'x', the machine runs from it$/);
  assert.equal(formatBytes(1536), '1536 bytes (1.5 KiB)');
});
