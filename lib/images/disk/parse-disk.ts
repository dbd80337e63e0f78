import type { DiskFound } from '../../../schema/disk-install.ts';

/** What one ssh round trip tells of a disk, and of the machine that it is in. */
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

/** Reads what read-disk.sh printed; undefined where the output is not whole. Pure. */
export function parseDisk(output: string, disk: string): DiskReading | undefined {
  const lines = output.split('\n').flatMap((line) => {
    const at = line.indexOf('=');
    return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
  });
  const all = (key: string) => lines.filter(([name]) => name === key).map(([, value]) => value);
  const text = (key: string) => all(key)[0] ?? '';
  const number = (key: string) => (/^\d+$/.test(text(key)) ? Number(text(key)) : 0);
  if (text('end') !== 'yes') return undefined;
  const kinds: Record<string, DiskFound['kind']> = { disk: 'disk', partition: 'partition', other: 'other' };
  return {
    found: {
      device: text('device') || disk,
      kind: kinds[text('kind')] ?? 'missing',
      serials: all('serial'),
      model: text('model'),
      sizeBytes: number('bytes'),
      sectorBytes: number('sector'),
      readOnly: text('read-only') === '1',
      contents: all('content'),
      uses: all('use'),
      running: all('running').includes('yes'),
      others: all('other'),
      architecture: text('architecture'),
    },
    tools: new Set(all('tool')),
    memoryKiB: number('memory-kib'),
    machineId: text('machine-id'),
    bootId: text('boot-id'),
    headSha256: text('head'),
    unfinished: text('unfinished'),
    digest: text('digest'),
  };
}
