import * as z from 'zod';

/** The result of a deployment, which the supervisor writes to /var/lib/nixos-fleet/results/<unit>.json. */
export const activationResult = z.object({
  unit: z.string(),
  host: z.string(),
  system: z.string(),
  by: z.string(),
  /** Revision of the flake; empty if unknown. */
  revision: z.string().default(''),
  /** The action performed: `switch` becomes `boot` if the system cannot be switched to. */
  action: z.enum(['switch', 'boot', 'test']).default('switch'),
  /** What was activated: the system or its specialisation. */
  activated: z.string().optional(),
  /** The previous system; empty if there was none. */
  previous: z.string(),
  previousGeneration: z.number(),
  outcome: z.enum([
    /** The new system is live, and is what the machine boots. */
    'confirmed',
    /** Refused before anything changed: by `switch-to-configuration check`, or because its lock was held. */
    'check-failed',
    /** The dead-man's timer could not be started; nothing changed. */
    'no-timer',
    /** Another deployment holds the lock; nothing changed. */
    'locked',
    'activation-failed',
    'units-failed',
    /** The system cannot be switched to without a reboot. */
    'reboot-needed',
    /** Activation did not end within its limit. */
    'timed-out',
    /** Nobody confirmed in time. */
    'not-confirmed',
    /** The operator rejected the system, because health checks failed. */
    'rejected',
    /** The supervisor itself was killed. */
    'killed',
    /** The system profile could not be set. */
    'profile-failed',
    'boot-loader-failed',
    /** The boot on trial failed; the machine booted the previous system again. */
    'trial-failed',
    /** The machine could not read or build what it pulls; nothing changed. */
    'pull-failed',
  ]),
  /** Why the operator rejected the system; empty or undefined if nobody did. */
  reason: z.string().optional(),
  /** Exit code of switch-to-configuration; null if it was not run or did not end. */
  exitCode: z.number().nullable(),
  /** Units that failed during the switch and were not failed before. */
  failedUnits: z.array(z.string()),
  /** Whether the machine was rolled back. */
  wentBack: z.enum([
    'not-needed',
    'yes',
    'failed',
    /** There was no previous system. */
    'nothing-before',
    /** The failed system is also the previous one. */
    'same-system',
    /** The machine was shutting down: it boots the previous system. */
    'by-reboot',
    /** Another deployment had started meanwhile. */
    'superseded',
    /** The switch was made by nixos-rebuild, which does not roll back. */
    'not-tried',
  ]),
  rollbackExitCode: z.number().nullable(),
  /** What could not be set back: live system, profile, the boot loader's default. */
  notBack: z.string().optional(),
  bootId: z.string(),
  /** Seconds since 1970, by the machine's clock. */
  startedAt: z.number(),
  endedAt: z.number(),
});
export type ActivationResult = z.infer<typeof activationResult>;

/** Parses a result; undefined if this version cannot read it. */
export function parseResult(json: string | undefined): ActivationResult | undefined {
  if (json === undefined) return undefined;
  try {
    return activationResult.parse(JSON.parse(json));
  } catch {
    return undefined;
  }
}
