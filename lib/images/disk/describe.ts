import type { DiskFound } from '../../../schema/disk-install.ts';

/** A disk in one line, for a preview. Pure. */
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

/** `1073741824 bytes (1 GiB)` */
export function formatBytes(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${bytes} bytes (${Number(value.toFixed(1))} ${units[unit]})`;
}
