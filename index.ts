import * as pulumi from '@pulumi/pulumi';
import { Fleet, Images } from './components/index.ts';
import { describeError } from './lib/base/failure.ts';
import { mapValues } from './lib/base/map-values.ts';
import { labSystemNames } from './lib/local/lab/lab-system.ts';
import { assertDistinct, liveSystem, readLiveSystems } from './lib/machine/check-live.ts';
import { declareMachines } from './program/declare-machines.ts';
import { evaluateStack } from './program/evaluate-stack.ts';
import { declareHardware, detectHardware } from './program/hardware.ts';
import { notePreview } from './program/preview-notes.ts';
import { skipPromiseStacks } from './program/promise-stacks.ts';
import { readDisks } from './program/read-disks.ts';
import { readStack } from './program/read-stack.ts';
import { withRecorded } from './program/selection.ts';

skipPromiseStacks();

/** Reads the stack's config, evaluates the flake once for all machines, and declares them. */
async function program() {
  // The engine starts the provider on its first call: here, so that it starts during the evaluation.
  void pulumi.runtime.invoke('nixos:index:getVersion', {}).catch(() => {});
  const stack = await readStack();
  const { name, config, machines } = stack;
  const liveReadings = config.checkLive ? readLiveSystems(machines) : undefined;
  const hardware = detectHardware(stack);
  const disks = readDisks(name, stack.disks);
  const evaluated = await evaluateStack(stack);
  const { fleet: evaluation } = evaluated;
  const images = new Images(name, {
    images: stack.images,
    evaluations: evaluation.images,
    revision: evaluation.revision,
    builders: config.builders,
  });
  const hosts = declareMachines(stack, evaluated, images, await disks);
  const hardwareFailures = await declareHardware(hardware, hosts);
  const live = await liveReadings;
  assertDistinct(live ?? {});
  await notePreview(stack, evaluation, live);
  const fleet = new Fleet('fleet', {
    evaluation: withRecorded(evaluation, stack.selection),
    hosts,
    failures: [
      ...images.failures,
      ...[evaluated.virtual, evaluated.memory, evaluated.lab].flatMap(({ failures }) =>
        failures.map(({ message }) => message),
      ),
      ...hardwareFailures,
    ],
    builders: config.builders,
    ...(live ? { liveSystems: mapValues(live, liveSystem) } : {}),
  });
  return {
    fleet,
    images,
    lab: stack.lab && labSystemNames[stack.lab.decision.system],
    kept: stack.selection?.outputs,
  };
}

const { fleet, images, lab, kept } = await program().then(
  async (declared) => {
    await declared.fleet.completed;
    return declared;
  },
  (error: unknown) => {
    const isShown = pulumi.RunError.isInstance(error) || pulumi.ResourceError.isInstance(error);
    throw isShown ? error : new pulumi.RunError(describeError(error));
  },
);

/** What each machine runs: `MachineSummary` by machine. */
export const machines = fleet.machines.apply((now) => ({ ...now, ...kept?.machines }));
/** The newest deployments of each machine. */
export const history = fleet.history.apply((now) => ({ ...now, ...kept?.history }));
const summaries = images.summaries.apply((now) => ({ ...now, ...kept?.images }));

/** The disk images: `ImageSummary` by image. `lab`: what the lab's machines run, for a stack with such machines. */
export { lab, summaries as images };
