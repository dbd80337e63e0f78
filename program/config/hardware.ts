import { join, relative } from 'node:path';
import { FleetError } from '../../lib/base/errors.ts';
import { pathOf } from '../../lib/machine/hardware/hardware-file.ts';
import { localPathOf, resolveFlakeRef } from '../../lib/store/nix/flake.ts';
import type { StackConfig } from '../../schema/config.ts';
import { type HostHardwareConfig, hostHardwareConfig } from '../../schema/hardware-config.ts';
import type { HostSettings } from './hosts.ts';

/** How a machine tells what it is made of, with the file that this goes to. */
export interface HardwareSettings extends HostHardwareConfig {
  file: string;
  folder: string;
}

/**
 * The hosts that tell what they are made of, each with its file: as named, else in the folder of its configuration in the flake.
 * @throws FleetError config-invalid where the flake is no folder, or two hosts have one file
 */
export function hardwareSettings(
  hosts: Readonly<Record<string, HostSettings>>,
  { flake }: Pick<StackConfig, 'flake'>,
  folder: string,
): Record<string, HardwareSettings> {
  const seen = new Map<string, string>();
  const settings: Record<string, HardwareSettings> = {};
  for (const [name, host] of Object.entries(hosts)) {
    if (!host.hardwareConfig) continue;
    const given = hostHardwareConfig.parse(host.hardwareConfig === true ? {} : host.hardwareConfig);
    const file = given.file ?? usualFile(name, host, given, flake, folder);
    const path = pathOf({ folder, file });
    const other = seen.get(path);
    if (other) {
      const why = `hosts.${other} and hosts.${name} would both be written to ${file}`;
      throw invalid(name, why, 'Name a file of its own for each: hardwareConfig.file.');
    }
    seen.set(path, name);
    settings[name] = { ...given, file, folder };
  }
  return settings;
}

function usualFile(
  name: string,
  { configuration }: HostSettings,
  { generator }: HostHardwareConfig,
  flake: string,
  folder: string,
): string {
  const root = flakeFolder(flake, folder);
  if (root === undefined || !/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(configuration)) {
    const why =
      root === undefined ? `the flake ${flake} is no folder` : `${configuration} is no folder's name`;
    throw invalid(name, why, 'Name the file: hardwareConfig.file.');
  }
  const file = generator === 'nixos-facter' ? 'facter.json' : 'hardware-configuration.nix';
  return relative(folder, join(root, 'hosts', configuration, file));
}

/** The folder that holds a flake's flake.nix; undefined for one that is elsewhere. */
function flakeFolder(flake: string, base: string): string | undefined {
  const ref = resolveFlakeRef(flake, base);
  const [path = '', query = ''] = ref.split('#', 1)[0]?.split('?') ?? [];
  const root = path.startsWith('/') ? path : localPathOf(path);
  return root === undefined ? undefined : join(root, new URLSearchParams(query).get('dir') ?? '');
}

function invalid(name: string, why: string, fix: string): FleetError {
  return new FleetError({
    code: 'config-invalid',
    what: `hosts.${name}.hardwareConfig has no file to go to`,
    why,
    fix,
  });
}
