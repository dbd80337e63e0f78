import type { DiskFound } from '../../../../../schema/disk-install.ts';

/** An empty disk of a machine, but for what is given. */
export function someDisk(given: Partial<DiskFound> = {}): DiskFound {
  return {
    device: '/dev/nvme0n1',
    kind: 'disk',
    serials: ['S4EVNX0R1', 'eui.0025385b21404321'],
    model: 'Samsung SSD',
    sizeBytes: 2 ** 30,
    sectorBytes: 512,
    readOnly: false,
    contents: [],
    uses: [],
    running: false,
    others: ['/dev/sda: serial WD-1, 4000 bytes'],
    architecture: 'x86_64',
    ...given,
  };
}
