import { Fleet, Images } from '../components/index.ts';
import * as pulumi from '../components/pulumi.ts';
import { describeError } from '../lib/base/failure.ts';
import { mapValues } from '../lib/base/map-values.ts';
import { labSystemNames } from '../lib/local/lab/lab-system.ts';
import { assertDistinct, liveSystem, readLiveSystems } from '../lib/machine/check-live.ts';
import { readMachine, readSystems } from '../lib/machine/read-machine.ts';
import { declareMachines } from './declare-machines.ts';
import { declareRollout } from './declare-rollout.ts';
import { evaluateStack } from './evaluate-stack.ts';
import { declareHardware, detectHardware } from './hardware.ts';
import { notePreview } from './preview-notes.ts';
import { readDisks } from './read-disks.ts';
import { readStack } from './read-stack.ts';
import { withRecorded } from './selection.ts';

/** Declares the stack; an error that Pulumi would print with a stack trace becomes one of text. */
export async function declareStack() {
  try {
    const declared = await declare();
    await declared.fleet.completed;
    return declared;
  } catch (error) {
    const isShown = pulumi.RunError.isInstance(error) || pulumi.ResourceError.isInstance(error);
    throw isShown ? error : new pulumi.RunError(describeError(error));
  }
}

/** Reads the stack's config, evaluates the flake once for all machines, and declares them. */
async function declare() {
  const stack = await readStack();
  const { name, config, machines } = stack;
  const isPreview = pulumi.isDryRun();
  // In an update each deployment reads the rest of its machine.
  const notedReadings = config.checkLive && isPreview ? readLiveSystems(machines, readMachine) : undefined;
  const liveReadings =
    config.checkLive && !isPreview ? readLiveSystems(machines, readSystems) : notedReadings;
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
  if (isPreview) await notePreview(stack, evaluation, await notedReadings);
  const fleet = new Fleet('fleet', {
    evaluation: withRecorded(evaluation, stack.selection),
    hosts,
    rollout: declareRollout(stack, hosts),
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
