import { FleetError } from '../../../lib/base/errors.ts';
import { type LiveSystemsInputs, liveSystemsInputs as schema } from '../../../schema/live-systems.ts';
import { noChanges } from '../../diff.ts';
import type { Resource } from '../../resource.ts';

const id = 'live-systems';

/** The systems that the machines ran when Pulumi ran: for saved plans, which Pulumi refuses where an input is not as planned. */
export const liveSystems: Resource<LiveSystemsInputs, LiveSystemsInputs> = {
  token: 'nixos:index:LiveSystems',
  description:
    'The systems that the machines ran when Pulumi ran. Never a change, but a saved plan is refused where a machine runs another one.',
  inputs: schema,
  state: schema,

  diff: () => noChanges,

  preview: (desired) => desired,

  create: async (inputs) => ({ id, state: inputs }),

  async read(importId, recorded) {
    // Before the first machine exists nothing is recorded, which looks like an import.
    if (recorded || importId === id) return { id, ...(recorded ?? { inputs: {}, state: {} }) };
    throw new FleetError({
      code: 'config-invalid',
      what: 'the systems that machines ran when Pulumi ran cannot be imported',
      fix: 'Leave it out: the next pulumi up creates it.',
    });
  },

  update: async (_recorded, desired) => desired,

  delete: async () => undefined,
};
