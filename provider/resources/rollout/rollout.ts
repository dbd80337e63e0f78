import { type RolloutInputs, rolloutInputs } from '../../../schema/rollout.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import type { Resource } from '../../resource.ts';
import { cannotImport } from '../import-error.ts';

const id = 'rollout';

/** The waves in which a stack's machines are deployed to. */
export const rollout: Resource<RolloutInputs, RolloutInputs> = {
  token: 'nixos:index:Rollout',
  description:
    'The waves in which machines are deployed to: the deployments of the first depend on it, those of each other on the `Wave` before.',
  inputs: rolloutInputs,
  state: rolloutInputs,

  declared: (inputs, run) => run.rollout.begin(inputs),

  diff({ inputs }, desired) {
    const what = ({ stage, waves }: RolloutInputs) => ({ stage, waves });
    return changesFrom(leafDiff(what(inputs), what(desired)));
  },

  preview: (desired) => desired,

  create: async (inputs) => ({ id, state: inputs }),

  async read(importId, recorded, context) {
    if (recorded) return { id: importId, ...recorded };
    throw cannotImport(
      `the rollout ${context.name}`,
      'it is nothing but settings',
      'Declare it: the next pulumi up creates it.',
    );
  },

  update: async (_recorded, desired) => desired,

  delete: async () => undefined,
};
