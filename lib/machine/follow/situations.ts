/**
 * How a machine is followed through a switch, a reboot and a boot on trial: what was seen, what it means, what is done. Silence and
 * noise are never an answer. docs/reliability.md contains the table.
 */
import { type FleetError, hasCode } from '../../base/errors.ts';

/** What is done: ask the machine again, give it the operator's answer, repeat the request, or conclude. */
type Action = 'ask' | 'answer' | 'repeat' | 'conclude';

interface Row {
  seen: string;
  meaning: string;
  action: Action;
  done: string;
}

const rows = {
  'no-answer': {
    seen: 'The connection fails, the login or the host key is refused, or the reply is cut off or garbled.',
    meaning: 'Nothing is known: the network, sshd or the login shell may be restarting.',
    action: 'ask',
    done: 'Ask again.',
  },
  lost: {
    seen: 'The same, for longer than the machine may take to roll back.',
    meaning: 'Nothing is known.',
    action: 'conclude',
    done: 'An error with the last reason: the machine is left to its supervisor.',
  },
  'not-started': {
    seen: 'The start of the supervisor was not answered, and its folder on the machine can still be claimed.',
    meaning: 'It has not started, and cannot start any more.',
    action: 'conclude',
    done: 'An error: nothing was switched.',
  },
  'systemd-silent': {
    seen: 'The machine answers, but systemd does not report the state of the supervisor’s unit.',
    meaning: 'Nothing is known about the unit: systemd or D-Bus is being restarted.',
    action: 'ask',
    done: 'Ask again.',
  },
  working: {
    seen: 'The unit runs.',
    meaning: 'The switch goes on.',
    action: 'ask',
    done: 'Show its output, and ask again.',
  },
  waiting: {
    seen: 'The supervisor waits for the confirmation, and no answer has reached it.',
    meaning: 'The new system is active.',
    action: 'answer',
    done: 'Run the health checks once, then confirm or reject over a fresh connection until the machine has replied.',
  },
  'result-early': {
    seen: 'There is a result, and the unit still runs.',
    meaning: 'The supervisor still holds the machine’s lock.',
    action: 'ask',
    done: 'Ask again.',
  },
  result: {
    seen: 'There is a result, and systemd reports the unit as `inactive` or `failed`, or the last phase is `finished`.',
    meaning: 'The machine’s own word on how the switch ended.',
    action: 'conclude',
    done: 'Report it. A rollback is verified over a fresh connection; a confirmed system is read once more.',
  },
  'no-result-yet': {
    seen: 'The unit is `inactive` or `failed`, and there is no readable result.',
    meaning: 'It was killed; its recovery may be about to start.',
    action: 'ask',
    done: 'Ask again.',
  },
  'no-result': {
    seen: 'The same, in every reply of 15 s.',
    meaning: 'The supervisor has ended without a result.',
    action: 'conclude',
    done: 'An error with the end of the log.',
  },
  'another-boot': {
    seen: 'Another boot ID, and no result.',
    meaning: 'The machine was rebooted in the middle of the switch.',
    action: 'conclude',
    done: 'An error; the state records what the machine runs.',
  },
  'same-boot': {
    seen: 'The boot ID is the same after a reboot was requested.',
    meaning: 'The machine is still shutting down.',
    action: 'ask',
    done: 'Ask again.',
  },
  'same-boot-unrequested': {
    seen: 'The boot ID is the same, and the request to reboot was not answered.',
    meaning: 'The request may not have arrived.',
    action: 'repeat',
    done: 'Repeat it: it does nothing in another boot.',
  },
  'next-boot': {
    seen: 'Another boot ID after a reboot was requested.',
    meaning: 'The machine has booted.',
    action: 'conclude',
    done: 'Compare the booted system with the desired one. A boot on trial is then confirmed or rejected until the machine has replied.',
  },
  'not-back': {
    seen: 'No other boot ID within `rebootTimeoutSeconds`.',
    meaning: 'The boot hangs, or is slow.',
    action: 'conclude',
    done: 'A boot on trial: wait for the fallback. Otherwise an error with the last reason.',
  },
} as const satisfies Record<string, Row>;

export type Situation = keyof typeof rows;

/** The whole table. */
export const situations: Readonly<Record<Situation, Row>> = rows;

/**
 * Whether an error is no answer of the machine: the connection failed, or the login or the host key was refused, which a rollback or
 * the end of a restart of sshd may change.
 */
export function isNoAnswer(error: unknown): error is FleetError {
  return hasCode(error, 'unreachable', 'access-denied', 'host-key');
}

/** One whole reply of a machine about a switch. */
export interface SwitchReply {
  phase: string;
  state: 'running' | 'ended' | 'unknown';
  bootId: string;
  hasResult: boolean;
}

/** What is remembered between two replies. Times are in milliseconds. */
export interface SwitchMemory {
  /** Boot ID at the start. */
  bootId: string;
  /** When the machine last replied. */
  repliedAt: number;
  /** Since when each reply has had neither a running unit nor a result. */
  endedSince: number | undefined;
  /** Whether the supervisor has got the operator's answer. */
  answered: boolean;
}

/** How long each reply must have neither a running unit nor a result before that is the end, in milliseconds. */
const noResultMs = 15_000;

/** Judges a reply about a switch, or its absence, and returns what to remember. */
export function judgeSwitch(
  reply: SwitchReply | undefined,
  memory: SwitchMemory,
  now: number,
  unreachableLimitMs: number,
): [Situation, SwitchMemory] {
  if (!reply) return [now - memory.repliedAt >= unreachableLimitMs ? 'lost' : 'no-answer', memory];
  const ended = reply.state === 'ended';
  const next: SwitchMemory = { ...memory, repliedAt: now, endedSince: undefined };
  if (reply.hasResult) return [ended || reply.phase === 'finished' ? 'result' : 'result-early', next];
  if (reply.bootId !== memory.bootId) return ['another-boot', next];
  if (ended) {
    const endedSince = memory.endedSince ?? now;
    return [now - endedSince >= noResultMs ? 'no-result' : 'no-result-yet', { ...next, endedSince }];
  }
  if (reply.phase === 'waiting' && !memory.answered) return ['waiting', next];
  return [reply.state === 'unknown' ? 'systemd-silent' : 'working', next];
}

/** Judges a reply during a reboot, or its absence. @param requested whether the machine has answered the request to reboot */
export function judgeReboot(
  reply: { bootId: string } | undefined,
  before: { bootId: string },
  requested: boolean,
): Situation {
  if (!reply) return 'no-answer';
  if (reply.bootId !== before.bootId) return 'next-boot';
  return requested ? 'same-boot' : 'same-boot-unrequested';
}
