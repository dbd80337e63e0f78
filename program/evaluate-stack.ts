import * as pulumi from '@pulumi/pulumi';
import { mapValues } from '../lib/base/map-values.ts';
import { checkSystems } from '../lib/evaluation/check-systems.ts';
import { evaluateFleet } from '../lib/evaluation/evaluate-fleet.ts';
import { evaluateOutputs } from '../lib/evaluation/evaluate-outputs.ts';
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

/** Evaluates the flake once for all machines and images, and judges what came out. */
export async function evaluateStack({ config, hosts, images, disks, flake }: Stack) {
  const evaluated = await evaluateFleet({
    ...flake,
    hosts: mapValues(hosts, ({ configuration }) => configuration),
    images,
    memoryMiB: config.evaluationMemoryMiB,
    onProgress: progressAfterOneSecond(),
  });
  const kernels =
    config.kernelPreview === 'configure' ? await configure(evaluated.kernels) : evaluated.kernels;
  const rehearsed = await evaluateOutputs({ ...flake, outputs: rehearsedSystems(hosts) });
  const judged = checkKernels(
    refuseUnrehearsed({ ...evaluated, kernels }, rehearsed.failures),
    (name) => hosts[name]?.allowUnbootableKernel === true,
  );
  return {
    fleet: await checkSystems(judged, config.builders),
    /** What hosts are rehearsed with, by the host's name. */
    rehearsed: rehearsed.outputs,
    /** What virtual machines run that are made of a configuration. */
    virtual: await evaluateOutputs({ ...flake, outputs: virtualSystems(config) }),
    /** What machines are started into while their disks are written. */
    memory: await evaluateOutputs({ ...flake, outputs: ramSystems(disks) }),
  };
}

/** Runs Kconfig for each kernel, and tells what it did not do as asked. */
async function configure(kernels: FleetEvaluation['kernels']): Promise<FleetEvaluation['kernels']> {
  const configured = await configureKernels(kernels, { onProgress: progressAfterOneSecond() });
  for (const warning of configured.warnings) void pulumi.log.warn(warning);
  return configured.kernels;
}
