import { type Clock, realClock } from '../../base/clock.ts';
import type { FleetError } from '../../base/errors.ts';
import { pause } from '../../base/until.ts';
import {
  isNoAnswer,
  judgeSwitch,
  type Situation,
  type SwitchMemory,
  situations,
} from '../follow/situations.ts';
import type { MachineReading } from '../parse-reading.ts';
import type { ActivationResult } from '../record/result.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';
import { claim } from './begin.ts';
import { type Confirmation, confirm } from './confirm.ts';
import { anotherBoot, lost, noResult, notStarted } from './explain-lost.ts';
import {
  followScript,
  followVariables,
  type News,
  newsIn,
  type Progress,
  parseProgress,
  pollSeconds,
} from './follow-script.ts';
import type { SwitchOutput } from './switch-output.ts';

export interface FollowOptions {
  /** Boot ID at the start of the deployment. */
  bootId: string;
  /** Why it is not known whether the supervisor has started; undefined if it has. */
  startDoubt?: FleetError | undefined;
  /** What the machine replied when it was started. */
  progress?: Progress | undefined;
  /** What was seen of the switch so far. */
  seen: SwitchOutput;
  /** How long the machine may be unreachable before the call fails, in seconds. */
  unreachableLimitSeconds: number;
  signal?: AbortSignal;
  onLine: (line: string) => void;
  /** Run before the confirmation; returns messages of failed checks, which lead to a rejection. */
  healthChecks?: () => Promise<string[]>;
  clock?: Clock;
}

export interface Followed {
  result: ActivationResult;
  /** Output of the supervisor. */
  log: string;
  /** Messages of failed health checks. */
  unhealthy: string[];
  /** Why the last attempt to confirm was not answered; undefined if one was. */
  notAnswered: string | undefined;
  /** The machine after the switch, if the connection that confirmed it could read it. */
  reading: MachineReading | undefined;
}

/** Pause after a reply without news, in seconds. */
const pauseSeconds = 0.5;

/**
 * Follows a supervisor over short connections, answers when it waits for that, and returns its result and output. What a reply means
 * is in the table of situations.
 * @throws FleetError unreachable if the machine stays unreachable, activation-failed if it was rebooted meanwhile, rollback-failed if
 * the supervisor ended without a result, command-failed if it never started
 */
export async function followSupervisor(
  machine: Machine,
  confirmation: Confirmation,
  options: FollowOptions,
): Promise<Followed> {
  const { name: host } = machine;
  const { unit } = confirmation;
  const { signal, clock = realClock, unreachableLimitSeconds, seen } = options;
  let memory: SwitchMemory = {
    bootId: options.bootId,
    repliedAt: clock.now(),
    endedSince: undefined,
    answered: false,
  };
  let unhealthy: string[] | undefined;
  let silence: FleetError | undefined;
  let notAnswered: string | undefined;
  let { startDoubt: unclaimed } = options;

  function heard(news: News): void {
    seen.add(news);
    memory = { ...memory, repliedAt: clock.now() };
  }

  /** Asks the machine once; undefined if it did not reply. */
  async function look(): Promise<Progress | undefined> {
    try {
      if (unclaimed) {
        if ((await claim(machine, unit, { signal })) === 'not-started') throw notStarted(host, unclaimed);
        unclaimed = undefined;
        memory = { ...memory, repliedAt: clock.now() };
      }
      // If an attempt to confirm is due again, there is no news to wait for.
      const waitSeconds = notAnswered === undefined ? pollSeconds : 0;
      const { phase, offset } = seen;
      return await poll(machine, unit, { phase, offset, waitSeconds }, heard, signal);
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
      silence = error;
      options.onLine(`no answer, asking again: ${error.why ?? error.message}`);
      return undefined;
    }
  }

  /** Sends the operator's answer, and returns what followed; the machine may not reply. */
  async function answer(): Promise<Progress | undefined> {
    unhealthy ??= (await options.healthChecks?.()) ?? [];
    try {
      const reason = unhealthy.join('; ');
      const { offset } = seen;
      const { progress } = await confirm(machine, confirmation, { offset, reason, onNews: heard, signal });
      memory = { ...memory, answered: true, repliedAt: clock.now() };
      notAnswered = undefined;
      return progress;
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
      notAnswered = error.why ?? error.message;
      options.onLine(`not confirmed yet, trying again: ${notAnswered}`);
      return undefined;
    }
  }

  let next = options.progress;
  for (;;) {
    const progress = next ?? (await look());
    next = undefined;
    if (progress) seen.add(progress);
    const reply = progress && { ...progress, hasResult: progress.result !== undefined };
    let situation: Situation;
    [situation, memory] = judgeSwitch(reply, memory, clock.now(), unreachableLimitSeconds * 1000);
    switch (situations[situation].action) {
      case 'ask':
      case 'repeat':
        break;
      case 'answer':
        next = await answer();
        break;
      case 'conclude':
        if (situation === 'result' && progress?.result)
          return {
            result: progress.result,
            log: seen.log,
            unhealthy: unhealthy ?? [],
            notAnswered,
            reading: progress.reading,
          };
        if (situation === 'another-boot') throw anotherBoot(host, unit, seen.phase);
        if (situation === 'no-result') {
          throw options.startDoubt && seen.phase === 'starting'
            ? notStarted(host, options.startDoubt)
            : noResult(host, unit, progress?.unreadable ?? seen.log);
        }
        throw lost(host, unit, silence);
    }
    const isFollowed = situation === 'working' || (situation === 'waiting' && next !== undefined);
    if (!isFollowed || notAnswered !== undefined) await pause(pauseSeconds, clock, signal);
  }
}

async function poll(
  machine: Machine,
  unit: string,
  seen: Parameters<typeof followVariables>[1],
  onNews: (news: News) => void,
  signal?: AbortSignal,
): Promise<Progress> {
  const timeoutSeconds = pollSeconds + machine.connection.connectTimeoutSeconds + 20;
  const reply = await runScript(machine, followScript, {
    variables: followVariables(unit, seen),
    onStdoutLine: newsIn(onNews),
    signal,
    timeoutSeconds,
  });
  const progress = parseProgress(reply);
  if (progress) return progress;
  throw reply.error({ code: 'unreachable', what: 'the reply was cut off' });
}
