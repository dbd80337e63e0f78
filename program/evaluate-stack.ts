import * as pulumi from '@pulumi/pulumi';
import type { FleetError } from '../lib/base/errors.ts';
import { mapValues } from '../lib/base/map-values.ts';
import { checkSystems } from '../lib/evaluation/check-systems.ts';
import { evaluateFleet } from '../lib/evaluation/evaluate-fleet.ts';
import type { OutputEvaluation } from '../lib/evaluation/types.ts';
import { checkKernels } from '../lib/kernel/check-kernels.ts';
import { configureKernels } from '../lib/kernel/configure.ts';
import { refuseUnrehearsed } from '../lib/local/rehearsal/refuse.ts';
import type { FleetEvaluation } from '../schema/evaluation.ts';
import { ramSystems } from './config/disk-installs.ts';
import { rehearsedSystems, virtualSystems } from './config/virtual-machines.ts';
import { progressAfterOneSecond } from './progress.ts';
import type { Stack } from './read-stack.ts';

/** What the flake says of everything in the stack. */
export type Evaluated = Awaited<ReturnType<typeof evaluateStack>>;

/** Evaluates the flake once for all that the stack needs of it, and judges what came out. */
export async function evaluateStack({ config, hosts, images, disks, flake }: Stack) {
  const groups = {
    rehearsed: rehearsedSystems(hosts),
    virtual: virtualSystems(config),
    memory: ramSystems(disks),
  };
  const { outputs, ...evaluated } = await evaluateFleet({
    ...flake,
    hosts: mapValues(hosts, ({ configuration }) => configuration),
    images,
    outputs: inOne(groups),
    memoryMiB: config.evaluationMemoryMiB,
    onProgress: progressAfterOneSecond(),
  });
  const kernels =
    config.kernelPreview === 'configure' ? await configure(evaluated.kernels) : evaluated.kernels;
  const rehearsed = groupOf(outputs, 'rehearsed');
  const judged = checkKernels(
    refuseUnrehearsed({ ...evaluated, kernels }, rehearsed.failures),
    (name) => hosts[name]?.allowUnbootableKernel === true,
  );
  return {
    fleet: await checkSystems(judged, config.builders),
    /** What hosts are rehearsed with, by the host's name. */
    rehearsed: rehearsed.outputs,
    /** What virtual machines run that are made of a configuration. */
    virtual: groupOf(outputs, 'virtual'),
    /** What machines are started into while their disks are written. */
    memory: groupOf(outputs, 'memory'),
  };
}

/** Outputs of one evaluation, by the names of their groups and their own. */
function inOne<Output>(groups: Record<string, Record<string, Output>>): Record<string, Output> {
  return Object.fromEntries(
    Object.entries(groups).flatMap(([group, outputs]) =>
      Object.entries(outputs).map(([name, output]) => [`${group} ${name}`, output] as const),
    ),
  );
}

/** What was evaluated of a group by its own names, and why the others could not be. */
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

/** Runs Kconfig for each kernel, and tells what it did not do as asked. */
async function configure(kernels: FleetEvaluation['kernels']): Promise<FleetEvaluation['kernels']> {
  const configured = await configureKernels(kernels, { onProgress: progressAfterOneSecond() });
  for (const warning of configured.warnings) void pulumi.log.warn(warning);
  return configured.kernels;
}
