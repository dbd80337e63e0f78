import * as pulumi from './components/pulumi.ts';
import { skipDebugMessages } from './program/debug-messages.ts';
import { skipPromiseStacks } from './program/promise-stacks.ts';

skipPromiseStacks();
skipDebugMessages();
// The engine starts the provider on its first call: here, so that it starts while the program is loaded.
void pulumi.invoke('nixos:index:getVersion', {}).catch(() => {});
const { declareStack } = await import('./program/declare-stack.ts');
const { fleet, images, lab, kept } = await declareStack();

/** What each machine runs: `MachineSummary` by machine. */
export const machines = fleet.machines.apply((now) => ({ ...now, ...kept?.machines }));
/** The newest deployments of each machine. */
export const history = fleet.history.apply((now) => ({ ...now, ...kept?.history }));
const summaries = images.summaries.apply((now) => ({ ...now, ...kept?.images }));

/** The disk images: `ImageSummary` by image. `lab`: what the lab's machines run, for a stack with such machines. */
export { lab, summaries as images };
