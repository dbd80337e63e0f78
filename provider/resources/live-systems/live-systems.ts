import { FleetError } from '../../../lib/base/errors.ts';
import { type LiveSystemsInputs, liveSystemsInputs as schema } from '../../../schema/live-systems.ts';
import { noChanges } from '../../diff.ts';
import type { Resource } from '../../resource.ts';

const id = 'live-systems';

/** What the machines ran when Pulumi ran: there for saved plans, which Pulumi refuses where an input is not as planned. */
export const liveSystems: Resource<LiveSystemsInputs, LiveSystemsInputs> = {
  token: 'nixos:index:LiveSystems',
  description:
    'What the machines ran when Pulumi ran. Never a change; but a saved plan is refused where it has become another.',
  inputs: schema,
  state: schema,

  diff: () => noChanges,

  preview: (asked) => asked,

  create: async (inputs) => ({ id, state: inputs }),

  async read(asked, recorded) {
    // Where no machine was there yet, nothing is recorded, which looks like an import.
    if (recorded || asked === id) return { id, ...(recorded ?? { inputs: {}, state: {} }) };
    throw new FleetError({
      code: 'config-invalid',
      what: 'what machines ran when Pulumi ran cannot be imported',
      fix: 'Leave it out: the next pulumi up makes it.',
    });
  },

  update: async (_recorded, asked) => asked,

  delete: async () => undefined,
};
