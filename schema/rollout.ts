import * as z from 'zod';
import { connection } from './connection.ts';
import { healthCheck } from './health-check.ts';

/** What must hold before a wave counts as passed: a health check of a machine, or of anything else. */
const gateCheck = healthCheck
  .safeExtend({
    on: z
      .string()
      .optional()
      .describe(
        'Host of the stack that is checked. Default: none; `command` then runs on this computer, and `http` needs a whole URL.',
      ),
  })
  .refine(({ on, tcp, units }) => on !== undefined || (tcp === undefined && units === undefined), {
    message: 'must name a host with `on`',
  })
  .refine(({ on, http }) => on !== undefined || http === undefined || !http.url.startsWith('/'), {
    message: 'must name a host with `on`, or have a whole URL',
  });

/** How the machines of a wave are deployed to: what a user sets for it. */
const waveSettings = z.strictObject({
  atOnce: z
    .int()
    .min(1)
    .optional()
    .describe(
      'How many of its machines are copied to, switched and rebooted at the same time. Default: all.',
    ),
  failuresAllowed: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'How many of its machines may fail before the rollout stops. With more failures, machines of the wave that were not begun stay as they are, and so do all later waves.',
    ),
  soakMinutes: z
    .number()
    .min(0)
    .max(10080)
    .default(0)
    .describe(
      'Minutes for which all machines of the wave must have run their system before the next wave begins. The gates are checked throughout.',
    ),
  gates: z
    .record(z.string(), gateCheck)
    .default({})
    .describe(
      'What must hold after the wave, at first and at the end of its soak, by name. The machines’ own health checks are repeated, too.',
    ),
  together: z
    .boolean()
    .default(false)
    .describe(
      'Whether its machines are switched together: none is confirmed until all are active and healthy and the gates hold; else all roll back.',
    ),
});

const stage = z
  .enum(['wave', 'all'])
  .describe(
    'When systems are delivered to the machines: `wave` with the deployments of each wave, `all` to all machines before the first switch.',
  );

const isTogether = ({ together }: { together: boolean }) => together;

/** The key `rollout` of the stack’s config. */
export const rolloutConfig = z.strictObject({
  stage: stage.default('wave'),
  waves: z
    .array(
      waveSettings
        .extend({
          name: z
            .string()
            .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, 'must be of letters, digits and _.- (at most 63)')
            .optional()
            .describe('Default: `wave1`, `wave2` and so on.'),
          hosts: z
            .string()
            .min(1)
            .describe(
              'Selectors, separated by commas: names, globs, `@tag`, `!not`. Hosts of an earlier wave do not count; without any host left, the wave is empty and counts as passed.',
            ),
        })
        .refine((wave) => !isTogether(wave) || (wave.atOnce === undefined && wave.failuresAllowed === 0), {
          message: 'together goes with neither atOnce nor failuresAllowed',
        }),
    )
    .min(1)
    .describe('In this order. Hosts of no wave are a last one, `rest`.'),
});
export type RolloutConfig = z.output<typeof rolloutConfig>;

/** A gate with the connection of the machine that is checked. */
const gate = z.object({
  check: healthCheck,
  on: z.string().optional(),
  connection: connection.optional(),
});
export type Gate = z.output<typeof gate>;

export const plannedWave = z.object({
  ...waveSettings.shape,
  name: z.string().describe('Name of the wave.'),
  hosts: z.array(z.string()).describe('Its machines.'),
  gates: z.record(z.string(), gate).default({}).describe(String(waveSettings.shape.gates.description)),
});
export type PlannedWave = z.output<typeof plannedWave>;

/** Inputs of `nixos:index:Rollout`: the waves in which machines are deployed to. */
export const rolloutInputs = z.object({
  stage: stage.default('wave'),
  waves: z.array(plannedWave).describe('The waves, in their order.'),
  skipped: z
    .array(z.string())
    .default([])
    .describe('Machines that are no part of this run, as others are selected. Never a change.'),
  unevaluated: z
    .array(z.string())
    .default([])
    .describe(
      'Machines that cannot be deployed to, as their configuration could not be evaluated: they count as failed. Never a change.',
    ),
});
export type RolloutInputs = z.output<typeof rolloutInputs>;

/** Inputs of `nixos:index:Wave`: the gate that follows the deployments of one wave. */
export const waveInputs = z.object({
  wave: z.string().describe('Name of the wave in the rollout.'),
  machines: z
    .record(
      z.string(),
      z.object({
        system: z.string().describe('Store path of the system that it is to run.'),
        connection,
        healthChecks: z
          .record(z.string(), healthCheck)
          .default({})
          .describe('What must still hold at the end of the wave.'),
      }),
    )
    .describe('The machines of the wave, by name.'),
  unevaluated: z
    .array(z.string())
    .default([])
    .describe('Machines of the wave whose configuration could not be evaluated.'),
});
export type WaveInputs = z.output<typeof waveInputs>;

export const waveState = waveInputs.extend({
  passed: z.string().describe('When the gate was passed: ISO 8601, UTC.'),
  failed: z.array(z.string()).describe('Machines that had failed by then, which the wave allows.'),
});
export type WaveState = z.output<typeof waveState>;
