import { type Builders, hostKeyFile } from './builder.ts';
import type { MachineBuilder } from './machine-builders.ts';

/** What of a machine's settings says which builders it has, and which of them it is. */
export interface BuildingHost {
  address: string;
  hostKey?: string | undefined;
  builders?: boolean | readonly string[] | undefined;
}

export interface HostBuilders {
  told: Record<string, MachineBuilder>;
  /** What is wrong with builders that it names. */
  problems: string[];
}

/**
 * The builders that a machine is told of. One that is a builder itself, by its address or host key, builds for its systems
 * itself: two that built for each other would wait for each other forever.
 */
export function hostBuilders(host: BuildingHost, builders: Builders): HostBuilders {
  const { builders: asked = false } = host;
  if (asked === false) return { told: {}, problems: [] };
  const own = new Set(
    Object.values(builders)
      .filter((builder) => isOf(host, builder))
      .flatMap(({ systems }) => systems),
  );
  const told: HostBuilders['told'] = {};
  const problems: string[] = [];
  if (Object.keys(builders).length === 0) problems.push('needs the key builders');
  for (const name of asked === true ? Object.keys(builders) : asked) {
    const builder = builders[name];
    if (!builder) {
      problems.push(`names ${name}, which is none of builders`);
      continue;
    }
    const { machineUser, machineIdentityFile = hostKeyFile, ...rest } = builder;
    const systems = rest.systems.filter((system) => !own.has(system));
    if (systems.length > 0) {
      const user = machineUser ?? rest.user;
      told[name] = { ...rest, user, identityFile: machineIdentityFile, systems };
    } else if (asked !== true) {
      problems.push(`names ${name}, whose systems this machine builds for by itself`);
    }
  }
  return { told, problems };
}

function isOf({ address, hostKey }: BuildingHost, builder: Builders[string]): boolean {
  const key = (line = '') => line.trim().split(/\s+/).slice(0, 2).join(' ');
  return (
    address.toLowerCase() === builder.address.toLowerCase() ||
    (hostKey !== undefined && key(hostKey) === key(builder.hostKey))
  );
}
