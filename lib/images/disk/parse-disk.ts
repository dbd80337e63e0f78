import type { DiskFound } from '../../../schema/disk-install.ts';
import type { Reply } from '../../machine/script/reply.ts';

/** What one ssh round trip reads of a disk, and of the machine that it is in. */
export interface DiskReading {
  found: DiskFound;
  /** Of zstd, gzip, sha256sum and dd, those that the machine has. */
  tools: ReadonlySet<string>;
  /** Memory that programs can be given, KiB. */
  memoryKiB: number;
  machineId: string;
  bootId: string;
  /** SHA-256 of the disk's first MiB. */
  headSha256: string;
  /** Of an image whose writing began in this boot of the machine and did not end well: SHA-256 of its first MiB. */
  unfinished: string;
  /** Changes with whatever the guards judge: what is written later must be the disk that was looked at. */
  digest: string;
}

/** Reads the whole reply of read-disk.sh. */
export function parseDisk(reply: Reply, disk: string): DiskReading {
  const text = (key: string) => reply.text(key);
  const kinds: Record<string, DiskFound['kind']> = { disk: 'disk', partition: 'partition', other: 'other' };
  return {
    found: {
      device: text('device') || disk,
      kind: kinds[text('kind')] ?? 'missing',
      serials: reply.list('serial'),
      model: text('model'),
      sizeBytes: reply.number('bytes') ?? 0,
      sectorBytes: reply.number('sector') ?? 0,
      readOnly: text('read-only') === '1',
      contents: reply.list('content'),
      uses: reply.list('use'),
      running: reply.list('running').includes('yes'),
      others: reply.list('other'),
      architecture: text('architecture'),
    },
    tools: new Set(reply.list('tool')),
    memoryKiB: reply.number('memory-kib') ?? 0,
    machineId: text('machine-id'),
    bootId: text('boot-id'),
    headSha256: text('head'),
    unfinished: text('unfinished'),
    digest: text('digest'),
  };
}
