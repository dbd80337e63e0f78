import { join, relative } from 'node:path';
import { FleetError } from '../../lib/base/errors.ts';
import { pathOf } from '../../lib/machine/hardware/hardware-file.ts';
import { localPathOf, resolveFlakeRef } from '../../lib/store/nix/flake.ts';
import type { StackConfig } from '../../schema/config.ts';
import { type HostHardwareConfig, hostHardwareConfig } from '../../schema/hardware-config.ts';
import type { HostSettings } from './hosts.ts';

/** How a machine's hardware is detected, with the file for the result. */
export interface HardwareSettings extends HostHardwareConfig {
  file: string;
  folder: string;
}

/**
 * Settings of the hosts whose hardware is detected. Default of the file: in the flake, `hosts/<configuration>/`.
 * @throws FleetError config-invalid where the flake is not a local folder, or two hosts have the same file
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
    const file = given.file ?? defaultFile(name, host, given, flake, folder);
    const path = pathOf({ folder, file });
    const other = seen.get(path);
    if (other) {
      const why = `hosts.${other} and hosts.${name} would both be written to ${file}`;
      throw invalid(name, why, 'Set a different hardwareConfig.file for each.');
    }
    seen.set(path, name);
    settings[name] = { ...given, file, folder };
  }
  return settings;
}

function defaultFile(
  name: string,
  { configuration }: HostSettings,
  { generator }: HostHardwareConfig,
  flake: string,
  folder: string,
): string {
  const root = flakeFolder(flake, folder);
  if (root === undefined || !/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(configuration)) {
    const why =
      root === undefined
        ? `the flake ${flake} is not a local folder`
        : `${configuration} is not a valid folder name`;
    throw invalid(name, why, `Set hosts.${name}.hardwareConfig.file.`);
  }
  const file = generator === 'nixos-facter' ? 'facter.json' : 'hardware-configuration.nix';
  return relative(folder, join(root, 'hosts', configuration, file));
}

/** The local folder that contains flake.nix; undefined for a remote flake. */
function flakeFolder(flake: string, base: string): string | undefined {
  const ref = resolveFlakeRef(flake, base);
  const [path = '', query = ''] = ref.split('#', 1)[0]?.split('?') ?? [];
  const root = path.startsWith('/') ? path : localPathOf(path);
  return root === undefined ? undefined : join(root, new URLSearchParams(query).get('dir') ?? '');
}

function invalid(name: string, why: string, fix: string): FleetError {
  return new FleetError({
    code: 'config-invalid',
    what: `hosts.${name}.hardwareConfig has no usable file`,
    why,
    fix,
  });
}
