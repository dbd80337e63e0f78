import './components/use-launcher.ts';
import * as pulumi from './components/pulumi.ts';
import { skipDebugMessages } from './program/debug-messages.ts';
import { skipPulumiStackTraces } from './program/pulumi-stack-traces.ts';

skipPulumiStackTraces();
skipDebugMessages();
// The engine starts the provider on its first call: here, so that it starts while the program is loaded.
void pulumi.invoke('nixos:index:getVersion', {}).catch(() => {});
const { declareStack } = await import('./program/declare-stack.ts');
const { fleet, images, lab, kept } = await declareStack();

/** The stack's outputs. Pulumi warns of one that is undefined. */
export default {
  /** What each machine runs: `MachineSummary` by machine. */
  machines: fleet.machines.apply((now) => ({ ...now, ...kept?.machines })),
  /** The newest deployments of each machine. */
  history: fleet.history.apply((now) => ({ ...now, ...kept?.history })),
  /** The disk images: `ImageSummary` by image. */
  images: images.summaries.apply((now) => ({ ...now, ...kept?.images })),
  /** What the lab's machines run, for a stack with such machines. */
  ...(lab === undefined ? {} : { lab }),
};
