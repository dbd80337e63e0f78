import { type MachineReading, parseReading } from '../parse-reading.ts';
import { type ActivationResult, activationResult } from '../record/result.ts';
import { Reply } from '../script/reply.ts';
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

/** What a supervisor has done since the news before. */
export interface News {
  phase: Phase;
  /** New output of switch-to-configuration. */
  output: string;
  /** Length of the log read so far, in bytes. */
  offset: number;
}

export interface Progress extends News {
  bootId: string;
  /** Whether the supervisor's unit still runs; unknown where systemd does not say. */
  state: 'running' | 'ended' | 'unknown';
  result: ActivationResult | undefined;
  /** The text of a result file that cannot be parsed. */
  unreadable: string | undefined;
  /** The machine after the end of the switch, if it was to be read and the switch has ended. */
  reading: MachineReading | undefined;
}

/** How long one poll stays on the machine, in seconds. */
export const pollSeconds = 15;

/** Prints the supervisor's news as they come, until it wants an answer or has finished. */
export const followScript = scriptFile('./follow.sh', import.meta.url);

/**
 * Variables of `followScript`.
 * @param readingScript reads the machine once the switch has ended; its reply is `Progress.reading`
 */
export function followVariables(
  unit: string,
  seen: Pick<News, 'phase' | 'offset'> & { waitSeconds?: number },
  readingScript = '',
): NonNullable<ScriptData['variables']> {
  return {
    unit,
    seen_phase: seen.phase,
    seen_size: seen.offset,
    wait_seconds: seen.waitSeconds ?? pollSeconds,
    reading: readingScript,
  };
}

/** Passes on the news in the output of `followScript`, line by line, as it comes. */
export function newsIn(onNews: (news: News) => void): (line: string) => void {
  return (line) => {
    // A line that was cut off lacks its end.
    const [, phase, offset, output = ''] = /^news=([a-z-]*) (\d+) ([\w+/=]*) end$/.exec(line) ?? [];
    if (phase === undefined) return;
    onNews({ phase: phase as Phase, offset: Number(offset), output: decoded(output) });
  };
}

function decoded(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

const states: readonly string[] = ['running', 'ended', 'unknown'] satisfies Progress['state'][];

/** Parses the reply of `followScript`; undefined if it was cut off or garbled. */
export function parseProgress(reply: Reply): Progress | undefined {
  const known = states.includes(reply.text('unit-state')) && /^[0-9a-f-]{36}$/.test(reply.text('boot-id'));
  if (!reply.isWhole || !known) return undefined;
  const result = reply.json('result', activationResult);
  return {
    phase: reply.text('phase') as Phase,
    output: reply.decoded('output') ?? '',
    offset: reply.number('offset') ?? 0,
    bootId: reply.text('boot-id'),
    state: reply.text('unit-state') as Progress['state'],
    result,
    unreadable: result ? undefined : reply.decoded('result'),
    reading: readingOf(reply),
  };
}

function readingOf(reply: Reply): MachineReading | undefined {
  const reading = new Reply(reply.host, { stdout: reply.decoded('reading') });
  return reading.isWhole && reading.text('machine-id') ? parseReading(reading) : undefined;
}
