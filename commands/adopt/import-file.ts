import { adoptionScheme } from '../../schema/adoption.ts';
import type { ExportedStack } from '../exported-stack.ts';

interface ImportedResource {
  type: string;
  /** Name in the file, by which another resource names its parent. */
  name: string;
  logicalName: string;
  parent?: string;
  component?: boolean;
  id?: string;
}

/** What `pulumi import --file` reads. */
export interface ImportFile {
  /** URNs of components that the state has already. */
  nameTable: Record<string, string>;
  resources: ImportedResource[];
}

const fleetType = 'nixos-fleet:index:Fleet';
const hostType = 'nixos-fleet:index:Host';
/** Name of the program's fleet: see program/declare-stack.ts. */
const fleetName = 'fleet';

/**
 * The deployments of hosts as an import file, each where the program declares it: below its `Host`, below the `Fleet`. A run of Pulumi
 * that leaves other hosts alone then leaves these alone, too.
 */
export function importFile(
  { project, stack, state }: { project: string; stack: string; state: ExportedStack },
  hosts: readonly string[],
): ImportFile {
  const known = new Set(state.deployment.resources.map(({ urn }) => urn));
  const file: ImportFile = { nameTable: {}, resources: [] };
  const component = (name: string, types: readonly string[], logicalName: string, parent?: string) => {
    const urn = `urn:pulumi:${stack}::${project}::${types.join('$')}::${logicalName}`;
    if (known.has(urn)) file.nameTable[name] = urn;
    else file.resources.push({ type: types.at(-1) ?? '', name, logicalName, parent, component: true });
  };
  component(fleetName, [fleetType], fleetName);
  for (const host of hosts) {
    const parent = `host ${host}`;
    component(parent, [fleetType, hostType], host, fleetName);
    file.resources.push({
      type: 'nixos:index:Deployment',
      name: `deployment ${host}`,
      logicalName: host,
      parent,
      id: `${adoptionScheme}${host}`,
    });
  }
  return file;
}
