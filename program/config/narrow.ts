import { pickBy } from '../../lib/base/pick.ts';
import type { StackConfig } from '../../schema/config.ts';
import { type HostSettings, virtualMachineOf } from './hosts.ts';

/** What a stack has beside its hosts. */
type Besides = Pick<StackConfig, 'virtualMachines' | 'diskInstalls' | 'images'>;

/** The virtual machines, disk installs and images that belong to selected hosts. */
export function narrow(
  { virtualMachines, diskInstalls, images }: Besides,
  hosts: Readonly<Record<string, Pick<HostSettings, 'virtualMachine'>>>,
  selected: readonly string[],
): Besides {
  const disks = pickBy(diskInstalls, (name) => selected.includes(name));
  const used = new Set([
    ...selected.map((name) => hosts[name] && virtualMachineOf(name, hosts[name])),
    ...Object.values(disks).map(({ virtualMachine }) => virtualMachine),
  ]);
  const virtual = pickBy(virtualMachines, (name) => used.has(name));
  const sources = new Set([...Object.values(virtual), ...Object.values(disks)].map(({ image }) => image));
  return {
    virtualMachines: virtual,
    diskInstalls: disks,
    images: pickBy(images, (name) => sources.has(name)),
  };
}
