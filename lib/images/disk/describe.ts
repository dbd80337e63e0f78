import type { DiskFound } from '../../../schema/disk-install.ts';
import { formatBytes } from '../../base/bytes.ts';

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
