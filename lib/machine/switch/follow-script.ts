import { type ActivationResult, activationResult } from '../record/result.ts';
import type { Reply } from '../script/reply.ts';
import { type ScriptData, scriptFile } from '../script/text.ts';

/** What the supervisor of a unit is doing. */
export type Phase =
  | 'starting'
  | 'checking'
  | 'activating'
  | 'waiting'
  | 'committing'
  | 'going-back'
  | 'finished';

export interface Progress {
  phase: Phase;
  /** What switch-to-configuration printed since the last look. */
  output: string;
  /** How much of the log has been seen, in bytes. */
  offset: number;
  bootId: string;
  /** Whether the supervisor's unit still runs. */
  active: boolean;
  result: ActivationResult | undefined;
  /** The result file's text where it is there and cannot be read. */
  unreadable: string | undefined;
}

/** Longest time a look waits on the machine for something new, in seconds. */
export const lookSeconds = 8;

/** Waits on the machine until the supervisor has something new, and prints it. */
export const followScript = scriptFile('./follow.sh', import.meta.url);

/** Variables of `followScript`. */
export function followVariables(
  unit: string,
  seen: { phase: Phase; offset: number },
): NonNullable<ScriptData['variables']> {
  return { unit, seen_phase: seen.phase, seen_size: seen.offset, wait_seconds: lookSeconds };
}

/** Reads the reply of `followScript`; undefined where it is not whole. */
export function parseProgress(reply: Reply): Progress | undefined {
  if (!reply.isWhole) return undefined;
  const result = reply.json('result', activationResult);
  return {
    phase: reply.text('phase') as Phase,
    output: reply.decoded('output') ?? '',
    offset: reply.number('offset') ?? 0,
    bootId: reply.text('boot-id'),
    active: reply.flag('active'),
    result,
    unreadable: result ? undefined : reply.decoded('result'),
  };
}
