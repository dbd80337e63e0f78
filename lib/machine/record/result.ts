import { z } from 'zod';

/** What a supervisor leaves in /var/lib/nixos-fleet/results/<unit>.json. */
export const activationResult = z.object({
  unit: z.string(),
  host: z.string(),
  system: z.string(),
  by: z.string(),
  /** Revision of the flake; empty where unknown. */
  revision: z.string().default(''),
  /** What was done with the system in the end: one that refuses to be switched to may have been made that of the next boot. */
  action: z.enum(['switch', 'boot', 'test']).default('switch'),
  /** What was activated: the system or its specialisation. */
  activated: z.string().optional(),
  /** The system before; empty where there was none. */
  previous: z.string(),
  previousGeneration: z.number(),
  outcome: z.enum([
    /** The new system is live, and is what the machine boots. */
    'confirmed',
    /** Refused before anything changed: by `switch-to-configuration check`, or by another holder of its lock. */
    'check-failed',
    /** The dead-man's timer could not be started; nothing changed. */
    'no-timer',
    /** Another deployment holds the lock; nothing changed. */
    'locked',
    'activation-failed',
    'units-failed',
    /** This switch cannot be made live; it needs a reboot. */
    'reboot-needed',
    /** Activation did not end within its limit. */
    'timed-out',
    /** Nobody confirmed in time. */
    'not-confirmed',
    /** The operator's checks failed, and the operator said so. */
    'rejected',
    /** The supervisor itself was killed. */
    'killed',
    /** The system profile could not be set. */
    'profile-failed',
    'boot-loader-failed',
    /** It was booted once on trial, and the machine came back on the system before. */
    'trial-failed',
  ]),
  /** Exit code of switch-to-configuration; null where it was not run or did not end. */
  exitCode: z.number().nullable(),
  /** Units that fail now and did not before. */
  failedUnits: z.array(z.string()),
  wentBack: z.enum([
    'not-needed',
    'yes',
    'failed',
    /** There was no system to go back to. */
    'nothing-before',
    /** The system that failed is the one that ran before. */
    'same-system',
    /** The machine was going down: it comes up on the old system. */
    'by-reboot',
    /** Another deployment had begun meanwhile. */
    'superseded',
    /** nixos-rebuild made the switch, which puts nothing back. */
    'not-tried',
  ]),
  rollbackExitCode: z.number().nullable(),
  bootId: z.string(),
  /** Seconds since 1970, by the machine's clock. */
  startedAt: z.number(),
  endedAt: z.number(),
});
export type ActivationResult = z.infer<typeof activationResult>;

/** Parses a result file; undefined for one that this version cannot read. */
export function parseResult(json: string | undefined): ActivationResult | undefined {
  if (json === undefined) return undefined;
  try {
    return activationResult.parse(JSON.parse(json));
  } catch {
    return undefined;
  }
}
