import { type Builders, hostKeyFile } from './builder.ts';
import type { MachineBuilder } from './machine-builders.ts';

/** The settings of a machine that decide which builders it uses, and whether it is one of them. */
export interface BuildingHost {
  address: string;
  hostKey?: string | undefined;
  builders?: boolean | readonly string[] | undefined;
}

export interface HostBuilders {
  usable: Record<string, MachineBuilder>;
  /** What is wrong with builders that it names. */
  problems: string[];
}

/**
 * The builders that a machine's own Nix uses. One that is a builder itself, by its address or host key, builds for its systems
 * itself: two that built for each other would wait for each other forever.
 */
export function hostBuilders(host: BuildingHost, builders: Builders): HostBuilders {
  const { builders: chosen = false } = host;
  if (chosen === false) return { usable: {}, problems: [] };
  const own = new Set(
    Object.values(builders)
      .filter((builder) => isOf(host, builder))
      .flatMap(({ systems }) => systems),
  );
  const usable: HostBuilders['usable'] = {};
  const problems: string[] = [];
  if (Object.keys(builders).length === 0) problems.push('needs the key builders');
  for (const name of chosen === true ? Object.keys(builders) : chosen) {
    const builder = builders[name];
    if (!builder) {
      problems.push(`names ${name}, which is not in builders`);
      continue;
    }
    const { machineUser, machineIdentityFile = hostKeyFile, ...rest } = builder;
    const systems = rest.systems.filter((system) => !own.has(system));
    if (systems.length > 0) {
      const user = machineUser ?? rest.user;
      usable[name] = { ...rest, user, identityFile: machineIdentityFile, systems };
    } else if (chosen !== true) {
      problems.push(`names ${name}, whose systems this machine builds for by itself`);
    }
  }
  return { usable, problems };
}

function isOf({ address, hostKey }: BuildingHost, builder: Builders[string]): boolean {
  const key = (line = '') => line.trim().split(/\s+/).slice(0, 2).join(' ');
  return (
    address.toLowerCase() === builder.address.toLowerCase() ||
    (hostKey !== undefined && key(hostKey) === key(builder.hostKey))
  );
}
