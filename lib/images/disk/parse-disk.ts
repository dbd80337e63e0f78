import type { DiskFound } from '../../../schema/disk-install.ts';
import { formatBytes } from '../../base/bytes.ts';
import type { Reply } from '../../machine/script/reply.ts';

/** A disk and its machine, as read in one ssh round trip. */
export interface DiskReading {
  found: DiskFound;
  /** Which of zstd, gzip, sha256sum and dd the machine has. */
  tools: ReadonlySet<string>;
  /** Available memory, KiB. */
  memoryKiB: number;
  machineId: string;
  bootId: string;
  /** SHA-256 of the disk's first MiB. */
  headSha256: string;
  /** SHA-256 of the first MiB of an image whose write began in this boot and did not finish; empty if there is none. */
  unfinished: string;
  /** Hash of everything the guards check: the write is refused if it has changed. */
  digest: string;
}

/** Parses a complete reply of read-disk.sh. */
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

/** A disk in one line, for a preview. */
export function describeDisk(found: DiskFound): string {
  const { device, serials, model, sizeBytes, contents, uses, running } = found;
  const parts = [
    `serial ${serials[0] ?? 'none'}`,
    formatBytes(sizeBytes),
    ...(model ? [model] : []),
    contents.length === 0 ? 'empty' : `holds ${contents.join('; ')}`,
    ...(running ? ['the machine runs from it'] : uses),
  ];
  return `${device}: ${parts.join(', ')}`;
}
