import * as pulumi from '../components/pulumi.ts';
import type { FleetError } from '../lib/base/errors.ts';
import { mapValues } from '../lib/base/map-values.ts';
import { checkSystems } from '../lib/evaluation/check-systems.ts';
import { evaluateFleet } from '../lib/evaluation/evaluate-fleet.ts';
import { groupErrors } from '../lib/evaluation/group-errors.ts';
import type { OutputEvaluation } from '../lib/evaluation/types.ts';
import { checkKernels } from '../lib/kernel/check-kernels.ts';
import { configureKernels } from '../lib/kernel/configure.ts';
import { refuseUnrehearsed } from '../lib/local/rehearsal/refuse.ts';
import type { FleetEvaluation } from '../schema/evaluation.ts';
import { ramSystems } from './config/disk-installs.ts';
import { firstSystems } from './config/lab.ts';
import { rehearsedSystems, virtualSystems } from './config/virtual-machines.ts';
import { note, warn } from './log.ts';
import { progressAfterOneSecond } from './progress.ts';
import type { Stack } from './read-stack.ts';

/** Everything of the stack that is evaluated from the flake. */
export type Evaluated = Awaited<ReturnType<typeof evaluateStack>>;

/** Evaluates the flake once for everything in the stack, and checks the kernels and systems. */
export async function evaluateStack({ config, selected: hosts, images, disks, lab, flake }: Stack) {
  const groups = {
    lab: firstSystems(hosts, lab),
    rehearsed: rehearsedSystems(hosts),
    virtual: virtualSystems(config),
    memory: ramSystems(disks),
  };
  const { outputs, ...evaluated } = await evaluateFleet({
    ...flake,
    hosts: mapValues(hosts, ({ configuration }) => configuration),
    images,
    outputs: flatten(groups),
    memoryMiB: config.evaluationMemoryMiB,
    onProgress: progressAfterOneSecond(),
  });
  if (evaluated.explanation !== undefined) note(evaluated.explanation);
  const kernels =
    config.kernelPreview === 'configure' ? await configure(evaluated.kernels) : evaluated.kernels;
  const rehearsed = groupOf(outputs, 'rehearsed');
  const checked = checkKernels(
    refuseUnrehearsed({ ...evaluated, kernels }, rehearsed.failures),
    (name) => hosts[name]?.allowUnbootableKernel === true,
  );
  const built = await checkSystems(checked, config.builders, { preview: pulumi.isDryRun() });
  const [evaluatedHosts, evaluatedImages] = groupErrors(built.hosts, built.images);
  return {
    fleet: { ...built, hosts: evaluatedHosts, images: evaluatedImages },
    /** `config.system.build.vm` of the hosts that are rehearsed, by host. */
    rehearsed: rehearsed.outputs,
    /** `config.system.build.vm` of the virtual machines that have a configuration. */
    virtual: groupOf(outputs, 'virtual'),
    /** NixOS systems that new machines of the lab start with. */
    lab: groupOf(outputs, 'lab'),
    /** Systems in RAM that machines boot with kexec while their disks are written. */
    memory: groupOf(outputs, 'memory'),
  };
}

/** Puts groups of outputs into one record, with the group's name before each key. */
function flatten<Output>(groups: Record<string, Record<string, Output>>): Record<string, Output> {
  return Object.fromEntries(
    Object.entries(groups).flatMap(([group, outputs]) =>
      Object.entries(outputs).map(([name, output]) => [`${group} ${name}`, output] as const),
    ),
  );
}

/** The evaluated outputs of one group, and the errors of the others. */
function groupOf(all: Readonly<Record<string, OutputEvaluation>>, group: string) {
  const outputs: Record<string, { drvPath: string; outPath: string }> = {};
  const failures: FleetError[] = [];
  for (const [name, output] of Object.entries(all)) {
    if (!name.startsWith(`${group} `)) continue;
    if (output.ok)
      outputs[name.slice(group.length + 1)] = { drvPath: output.drvPath, outPath: output.outPath };
    else failures.push(output.error);
  }
  return { outputs, failures };
}

/** Runs Kconfig for each kernel, and warns about symbols that it changed. */
async function configure(kernels: FleetEvaluation['kernels']): Promise<FleetEvaluation['kernels']> {
  const configured = await configureKernels(kernels, { onProgress: progressAfterOneSecond() });
  for (const warning of configured.warnings) warn(warning);
  return configured.kernels;
}
