import { FleetError } from '../../lib/base/errors.ts';
import type { LayoutDisk } from '../../lib/images/disk/install-system.ts';
import type { Connection } from '../../schema/connection.ts';

export interface InstallOptions {
  disk: string[];
  overwrite: string[];
  address?: string;
  user?: string;
  'host-key'?: string;
  layout: string;
  'new-host-keys': boolean;
  'no-reboot': boolean;
}

/**
 * The disks of `--disk DEVICE=SERIAL`, or `DEVICE=size:BYTES` for one without a serial, and what of them may be lost.
 * @throws FleetError config-invalid
 */
export function layoutDisks({ disk, overwrite }: Pick<InstallOptions, 'disk' | 'overwrite'>): LayoutDisk[] {
  const disks = disk.map((text): LayoutDisk => {
    const [, device, identity = ''] = /^(\/dev\/[^=\s]+)=(.+)$/.exec(text) ?? [];
    if (device === undefined) throw mistake(`--disk ${text} is not DEVICE=SERIAL`);
    const [, bytes] = /^size:(\d+)$/.exec(identity) ?? [];
    const named = bytes ?? identity;
    return {
      disk: device,
      ...(bytes === undefined ? { serial: identity } : { sizeBytes: Number(bytes) }),
      overwrite: overwrite.includes(named) ? named : undefined,
    };
  });
  if (disks.length === 0) throw mistake('--disk is missing: the disks that the layout writes');
  const names = disks.map(({ serial, sizeBytes }) => serial ?? String(sizeBytes));
  const unknown = overwrite.find((each) => !names.includes(each));
  if (unknown !== undefined) throw mistake(`--overwrite ${unknown} does not name one of the disks`);
  return disks;
}

/** How the installer is logged in to: as the installed host, but for what is given. It knows no user but root, so none becomes root. */
export function installerConnection(
  installed: Connection,
  { address, user = 'root', 'host-key': hostKey }: Pick<InstallOptions, 'address' | 'user' | 'host-key'>,
): Connection {
  const { becomePassword: _, bootstrapUser: __, ...rest } = installed;
  return { ...rest, user, address: address ?? rest.address, hostKey: hostKey ?? rest.hostKey };
}

function mistake(what: string): FleetError {
  return new FleetError({
    code: 'config-invalid',
    what,
    fix: 'For each disk: --disk /dev/disk/by-id/…=SERIAL, or --disk /dev/vda=size:BYTES if it has no serial; lsblk -bdo NAME,SIZE,SERIAL shows them.',
  });
}
