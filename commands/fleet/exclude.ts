import type { HostSettings } from '../../program/config/hosts.ts';
import { narrow } from '../../program/config/narrow.ts';
import type { StackConfig } from '../../schema/config.ts';

type Shared = Pick<StackConfig, 'virtualMachines' | 'diskInstalls' | 'images'>;

/** Types of the resources of each kind, with what comes after the name; and the component above them. */
const kinds = [
  { key: 'virtualMachines', component: 'VirtualMachines', resources: [['VirtualMachine', '']] },
  {
    key: 'diskInstalls',
    component: 'DiskInstalls',
    resources: [
      ['DiskInstall', ''],
      ['System', '-ram'],
    ],
  },
  { key: 'images', component: 'Images', resources: [['Image', '']] },
] as const;

/**
 * Options of Pulumi with which it leaves alone what does not belong to the selected hosts: the other hosts with all that is below
 * them, their lab machines and detected hardware, and virtual machines, disk installs and images of others.
 */
export function excludeOptions(
  config: Shared,
  hosts: Readonly<Record<string, Pick<HostSettings, 'virtualMachine'>>>,
  selected: readonly string[],
): string[] {
  const others = Object.keys(hosts).filter((name) => !selected.includes(name));
  const ofHosts = others.flatMap((name) => [
    `**nixos-fleet:index:Host::${name}`,
    ...['LabMachine', 'HardwareConfig'].map((type) => `**nixos:index:${type}::${name}`),
  ]);
  const kept = narrow(config, hosts, selected);
  const ofOthers = kinds.flatMap(({ key, component, resources }) => {
    const names = Object.keys(config[key]);
    const left = names.filter((name) => !(name in kept[key]));
    return [
      // Without any below it, the program does not declare it.
      ...(names.length > 0 && left.length === names.length ? [`**nixos-fleet:index:${component}::*`] : []),
      ...left.flatMap((name) => resources.map(([type, end]) => `**nixos:index:${type}::${name}${end}`)),
    ];
  });
  const patterns = [...ofHosts, ...ofOthers];
  if (patterns.length === 0) return [];
  return [...patterns.flatMap((pattern) => ['--exclude', pattern]), '--exclude-dependents'];
}
