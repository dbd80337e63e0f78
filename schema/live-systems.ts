import * as z from 'zod';

/**
 * Inputs of `nixos:index:LiveSystems`: `<machine> runs` to the store path of its live system, with that of the next
 * boot where it is another one. A property for each machine, for Pulumi names the properties that are not as planned.
 */
export const liveSystemsInputs = z.record(z.string().endsWith(' runs'), z.string());
export type LiveSystemsInputs = z.infer<typeof liveSystemsInputs>;
