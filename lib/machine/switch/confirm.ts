import { readingScript } from '../read-machine.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';
import {
  followScript,
  followVariables,
  type News,
  newsIn,
  type Progress,
  parseProgress,
  pollSeconds,
} from './follow-script.ts';

const script = scriptFile('./confirm.sh', import.meta.url) + followScript;

export interface Confirmation {
  unit: string;
  /** Path of the activated system or specialisation. */
  activated: string;
  token: string;
  /** Name of the system profile. */
  profile: string;
}

export interface Answered {
  /** The answer that the supervisor got: a rejection if the live system is not the activated one. */
  answer: 'confirm' | 'reject';
  /** What it did with the answer within `pollSeconds`; undefined if the connection broke after the answer. */
  progress: Progress | undefined;
}

/**
 * Confirms the new system, or rejects it for a reason, over a new connection as the regular user: this proves that the machine can
 * still be reached. The same connection waits for the end of the switch, and then reads the machine.
 * @param options offset: length of the log read so far, in bytes; reason: of a rejection; onNews: called as news come
 * @throws FleetError unreachable if the answer did not arrive, host-key, access-denied, cancelled
 */
export async function confirm(
  machine: Machine,
  { unit, activated, token, profile }: Confirmation,
  {
    offset,
    reason = '',
    onNews,
    signal,
  }: {
    offset: number;
    reason?: string;
    onNews: (news: News) => void;
    signal?: AbortSignal | undefined;
  },
): Promise<Answered> {
  const followed = followVariables(unit, { phase: 'waiting', offset }, readingScript(profile));
  const variables = { ...followed, activated, token, reason };
  const timeoutSeconds = machine.connection.connectTimeoutSeconds + 10 + pollSeconds;
  const options = { variables, fresh: true, onStdoutLine: newsIn(onNews), signal, timeoutSeconds };
  const reply = await runScript(machine.asRegularUser(), script, options);
  const answer = reply.text('answer');
  if (answer === 'confirm' || answer === 'reject') return { answer, progress: parseProgress(reply) };
  throw reply.error({ code: 'unreachable', what: 'the confirmation could not be written' }, 'answer');
}
