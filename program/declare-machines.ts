import {
  DiskInstalls,
  declareCaches,
  type FleetHost,
  type Images,
  Lab,
  VirtualMachines,
} from '../components/index.ts';
import { mapValues } from '../lib/base/map-values.ts';
import { hostBuilders } from '../schema/host-builders.ts';
import { connectionOf, declaredOf, virtualMachineOf } from './config/hosts.ts';
import type { Evaluated } from './evaluate-stack.ts';
import type { DiskReading } from './read-disks.ts';
import type { Stack } from './read-stack.ts';

/** Declares the stack's lab and virtual machines and disk installs; returns all hosts with their connections. */
export function declareMachines(
  stack: Stack,
  { rehearsed, virtual: { outputs: systems }, memory, lab: { outputs: first } }: Evaluated,
  images: Images,
  diskReadings: Readonly<Record<string, DiskReading>>,
): Record<string, FleetHost> {
  const { name: stackName, config, hosts, secrets } = stack;
  const lab = declareLab(stack, first);
  const virtual =
    Object.keys(config.virtualMachines).length > 0
      ? new VirtualMachines(stackName, {
          machines: config.virtualMachines,
          imagePath: (image) => images.pathOf(image),
          systems,
        })
      : undefined;
  const disks = new DiskInstalls(stackName, {
    disks: stack.disks,
    readings: diskReadings,
    imageOf: (image) => images.sourceOf(image),
    ramSystems: memory.outputs,
    connectionOf: (machine, connection) => virtual?.connectionOf(machine, connection),
  });
  const declared: Record<string, FleetHost> = {};
  for (const [name, host] of Object.entries(hosts)) {
    const connection = connectionOf(host);
    if (!stack.selected[name]) {
      const machine = lab?.machines[name];
      declared[name] = {
        ...declaredOf(host),
        connection: stack.others[name] ?? connection,
        isRecorded: true,
        // Pulumi registers what the state says that an excluded resource depends on: what the program declares of it must be first.
        dependsOn: machine ? [machine] : [],
      };
      continue;
    }
    const machine = virtualMachineOf(name, host);
    // Its virtual machine, or the first system of its container, could not be evaluated; the error is reported at the end.
    if (machine && !virtual?.machines[machine]) continue;
    if (host.lab && !lab?.machines[name]) continue;
    declared[name] = {
      ...declaredOf(host),
      connection: lab?.connections[name] ?? virtual?.connectionOf(machine, connection) ?? connection,
      machineId: lab?.machines[name]?.machineId ?? virtual?.machines[machine ?? '']?.machineId,
      secrets: secrets[name],
      dependsOn: disks.of(name),
      machineBuilders: hostBuilders(host, config.builders).usable,
      rehearsal: rehearsed[name] && {
        stack: stackName,
        ...rehearsed[name],
        ...(typeof host.rehearse === 'object' ? host.rehearse : {}),
      },
    };
  }
  const caches = declareCaches(
    config.caches,
    mapValues(declared, ({ connection }) => connection),
  );
  return mapValues(declared, (host) => ({ ...host, caches }));
}

/** Declares the lab, without new machines whose first system could not be evaluated. */
function declareLab({ name, lab }: Stack, first: Evaluated['lab']['outputs']): Lab | undefined {
  if (!lab) return undefined;
  const { network, base } = lab;
  if (lab.decision.system === 'imitation') return new Lab(name, { network, base, machines: lab.machines });
  const systems = { ...first, ...lab.systems };
  const machines = Object.entries(lab.machines).filter(([machine]) => systems[machine]);
  return new Lab(name, { network, base, machines: Object.fromEntries(machines), systems });
}
