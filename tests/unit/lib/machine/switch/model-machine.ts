/** A machine and its supervisor as a model, reached over connections that fail, hang, answer late or answer garbage. */
import type { Clock } from '../../../../../lib/base/clock.ts';
import { FleetError } from '../../../../../lib/base/errors.ts';
import type { RunResult } from '../../../../../lib/base/process/run.ts';
import type { ActivationResult } from '../../../../../lib/machine/record/result.ts';
import { scriptFile } from '../../../../../lib/machine/script/text.ts';
import type { Machine, RunOnMachineOptions } from '../../../../../lib/machine/ssh/machine.ts';
import { connection } from '../../../../../schema/connection.ts';
import type { Random } from '../../../virtual-clock.ts';

const of = (file: string) => scriptFile(`../../../../../lib/machine/${file}`, import.meta.url);
/** The scripts that the model understands. A start and a confirmation are followed, and so contain the script that follows. */
const scripts = {
  start: of('switch/start.sh'),
  claim: of('switch/claim.sh'),
  confirm: of('switch/confirm.sh'),
  follow: of('switch/follow.sh'),
  read: of('read-machine.sh'),
};
type Script = keyof typeof scripts | 'command';

const boots = ['11111111-1111-1111-1111-111111111111', '22222222-2222-2222-2222-222222222222'] as const;
export const bootId = boots[0];
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** What happens in a round. Times are in milliseconds. */
export interface Story {
  /** What systemd-run does: starts the unit, starts it and reports a failure, or fails. */
  start: 'works' | 'works-and-fails' | 'fails';
  /** What becomes of the switch, if it is not rejected. */
  fate:
    | 'works'
    | 'check-fails'
    | 'activation-fails'
    | 'commit-fails'
    | 'killed'
    | 'rebooted'
    | 'elsewhere'
    | 'no-result'
    | 'unreadable';
  /** How long checks, activation, commit and rollback take. */
  steps: number;
  /** How long the unit runs on after its result is written. */
  release: number;
  /** How long after a kill the recovery starts. */
  recovery: number;
  confirmMs: number;
  /** Whether health checks pass. */
  healthy: boolean;
  /** Until when connections fail, and how often. */
  noiseUntil: number;
  noise: number;
  /** When fresh connections fail, systemd is silent, or nothing can be reached at all: from, to. */
  sshdDown: readonly [number, number];
  systemdSilent: readonly [number, number];
  cut: readonly [number, number];
  /** Whether sshd is dead for good after a rollback, so that only the shared connection works. */
  deadAfterRollback: boolean;
}

export class ModelMachine implements Machine {
  readonly name = 'one';
  readonly connection = connection.parse({ address: 'one.example', connectTimeoutSeconds: 3 });
  readonly #clock: Clock;
  readonly #random: Random;
  readonly story: Story;
  #events: { at: number; act: () => void }[] = [];
  #directory = false;
  #unit: 'none' | 'running' | 'ended' = 'none';
  #phase = 'starting';
  #log = '';
  #boot: 0 | 1 = 0;
  #result: string | undefined;
  #reason = '';

  live: 'old' | 'new' | 'other' = 'old';
  profile: 'old' | 'new' = 'old';
  started = false;
  waitingAt: number | undefined;
  outcome: ActivationResult['outcome'] | undefined;
  confirmedAt: number | undefined;
  rejectedAt: number | undefined;
  /** When the last whole reply left the machine, and the last one over a fresh connection that read it. */
  repliedAt = 0;
  verifiedAt: number | undefined;
  /** The last reason for which a confirmation failed. */
  lastReason = '';
  confirmations = 0;

  constructor(clock: Clock, random: Random, story: Story) {
    this.#clock = clock;
    this.#random = random;
    this.story = story;
  }

  /** Whether the supervisor and all that follows from it has ended. */
  get ended(): boolean {
    this.#happen();
    return this.#unit === 'ended' && (this.outcome !== undefined || this.#boot === 1);
  }

  /** Lets all happen that is still to come. */
  finish(): void {
    this.#happen(Number.POSITIVE_INFINITY);
  }

  asRegularUser(): Machine {
    return this;
  }
  asBootstrapUser(): undefined {
    return undefined;
  }
  stream(): never {
    throw new Error('not in the model');
  }
  store(): never {
    throw new Error('not in the model');
  }
  destination(): never {
    throw new Error('not in the model');
  }
  async close(): Promise<void> {}

  async run(script: string | readonly string[], options: RunOnMachineOptions = {}): Promise<RunResult> {
    const { timeoutSeconds = 60, fresh = false, signal } = options;
    const random = this.#random;
    const end = this.#clock.now() + timeoutSeconds * 1000;
    const kind = scriptOf(script);
    const fail = (why: string) => {
      if (kind === 'confirm') this.lastReason = why;
      return new FleetError({
        code: random.pick('unreachable', 'unreachable', 'access-denied'),
        what: 'ssh failed',
        host: 'one',
        why,
      });
    };
    const isNoisy = this.#clock.now() < this.story.noiseUntil && random.chance(this.story.noise);
    await this.#pass(random.between(5, 200), signal);
    if (this.#isCut(fresh)) {
      if (random.chance(0.5)) {
        await this.#pass(end - this.#clock.now(), signal);
        throw fail('no answer in time');
      }
      throw fail('Connection refused');
    }
    const how = isNoisy ? random.pick('before', 'after', 'late', 'cut off', 'garbage', 'empty') : 'well';
    if (how === 'before') throw fail('Connection reset by peer');
    if (how === 'late') await this.#pass(random.between(0, 40_000), signal);
    const reply = await this.#execute(kind, String(script), fresh, signal);
    if (how === 'after' || this.#clock.now() > end || this.#isCut(fresh)) throw fail('Broken pipe');
    if (how === 'well' || how === 'late') {
      if (kind !== 'command') this.repliedAt = this.#clock.now();
      if (kind === 'read' && fresh) this.verifiedAt = this.#clock.now();
      return reply;
    }
    if (kind === 'confirm') this.lastReason = 'garbled';
    const { stdout } = reply;
    const noise: Record<typeof how, string> = {
      'cut off': stdout.slice(0, Math.floor(random.between(0, stdout.length - 2))).replace(/[^\n]*$/, ''),
      garbage: random.pick(
        'unit-state=\nend=yes\n',
        'Welcome!\n',
        'unit-state=ended\n',
        'phase=finished\nunit-state=gone\nboot-id=?\nend=yes\n',
      ),
      empty: '',
    };
    return { ...reply, stdout: noise[how] };
  }

  #isCut(fresh: boolean): boolean {
    this.#happen();
    const now = this.#clock.now();
    const within = ([from, to]: readonly [number, number]) => now >= from && now < to;
    if (within(this.story.cut)) return true;
    if (!fresh) return false;
    return (
      within(this.story.sshdDown) ||
      (this.story.deadAfterRollback && this.outcome !== undefined && this.live === 'old')
    );
  }

  async #execute(kind: Script, text: string, fresh: boolean, signal?: AbortSignal): Promise<RunResult> {
    this.#happen();
    switch (kind) {
      case 'start': {
        const reply = this.#start();
        return reply.exitCode === 0 ? joined(reply, await this.#follow(text, signal)) : reply;
      }
      case 'claim': {
        if (!this.#directory) {
          this.#directory = true;
          return lines({ state: 'not-started', end: 'yes' });
        }
        const reason = variable(text, 'reason');
        if (reason) this.#reject(reason);
        return lines({ state: 'started', end: 'yes' });
      }
      case 'confirm': {
        this.confirmations += 1;
        const reason = variable(text, 'reason') || (this.live === 'new' ? '' : 'the live system is another');
        if (reason) this.#reject(reason);
        else if (this.#phase === 'waiting' && this.rejectedAt === undefined) this.#accept();
        return joined(lines({ answer: reason ? 'reject' : 'confirm' }), await this.#follow(text, signal));
      }
      case 'follow':
        return await this.#follow(text, signal);
      case 'read':
        return this.#read();
      case 'command':
        return { stdout: fresh ? '' : 'not fresh', stderr: '', exitCode: this.story.healthy ? 0 : 1 };
    }
  }

  #read(): RunResult {
    return lines({
      'machine-id': 'm',
      'boot-id': boots[this.#boot],
      current: this.live,
      system: this.live,
      profile: this.profile,
      end: 'yes',
    });
  }

  #start(): RunResult {
    if (this.#directory) return { stdout: '', stderr: 'File exists', exitCode: 4 };
    this.#directory = true;
    if (this.story.start !== 'fails') {
      this.#later(this.#random.between(0, 1000), () => this.#run());
      this.started = true;
    }
    if (this.story.start === 'works') return lines({ state: 'started' });
    return {
      stdout: '',
      stderr: 'Failed to start transient service unit: Connection reset by peer',
      exitCode: 5,
    };
  }

  /** The supervisor's own run. */
  #run(): void {
    const { fate, steps, confirmMs } = this.story;
    this.#unit = 'running';
    this.#enter('checking');
    if (fate === 'check-fails') {
      this.#later(steps, () => this.#end('check-failed'));
      return;
    }
    this.#later(steps, () => {
      this.#enter('activating');
      if (fate === 'rebooted')
        return this.#later(this.#random.between(0, steps + 20_000), () => this.#reboot());
      if (fate === 'killed')
        this.#later(this.#random.between(0, 2 * steps + confirmMs / 2), () => this.#kill());
      this.#later(steps, () => {
        // Killed meanwhile.
        if (this.#phase !== 'activating') return;
        this.live = fate === 'elsewhere' ? 'other' : 'new';
        if (fate === 'activation-fails') return this.#rollBack('activation-failed');
        this.#enter('waiting');
        this.waitingAt = this.#clock.now();
        if (this.rejectedAt !== undefined) return this.#rollBack('rejected');
        this.#later(confirmMs, () => {
          if (this.#phase === 'waiting' && this.#unit === 'running') this.#rollBack('not-confirmed');
        });
      });
    });
  }

  #accept(): void {
    if (this.#unit !== 'running') return;
    this.confirmedAt = this.#clock.now();
    this.#enter('committing');
    this.#later(this.story.steps, () => {
      if (this.story.fate === 'commit-fails') return this.#rollBack('boot-loader-failed');
      this.profile = 'new';
      this.#end('confirmed');
    });
  }

  #reject(reason: string): void {
    if (this.confirmedAt !== undefined || this.rejectedAt !== undefined) return;
    this.rejectedAt = this.#clock.now();
    this.#reason = reason;
    if (this.#phase === 'waiting' && this.#unit === 'running') this.#rollBack('rejected');
  }

  #rollBack(outcome: ActivationResult['outcome']): void {
    this.#unit = 'running';
    this.#enter('going-back');
    this.#later(this.story.steps, () => {
      this.live = 'old';
      this.#end(outcome);
    });
  }

  #kill(): void {
    if (
      this.#unit !== 'running' ||
      this.confirmedAt !== undefined ||
      !['activating', 'waiting'].includes(this.#phase)
    )
      return;
    this.#unit = 'ended';
    this.#phase = 'killed';
    this.#later(this.story.recovery, () => this.#rollBack('killed'));
  }

  #reboot(): void {
    this.#boot = 1;
    this.#unit = 'ended';
    this.#directory = false;
    this.#phase = '';
    this.live = 'old';
  }

  #end(outcome: ActivationResult['outcome']): void {
    this.outcome = outcome;
    const { fate, release } = this.story;
    const result: ActivationResult = {
      unit: 'u',
      host: 'one',
      system: 'new',
      by: 'ann@laptop',
      revision: '',
      action: 'switch',
      previous: 'old',
      previousGeneration: 1,
      outcome,
      reason: this.#reason,
      exitCode: 0,
      failedUnits: [],
      wentBack: outcome === 'confirmed' || outcome === 'check-failed' ? 'not-needed' : 'yes',
      rollbackExitCode: null,
      bootId,
      startedAt: 0,
      endedAt: 0,
    };
    if (fate !== 'no-result') this.#result = fate === 'unreadable' ? '{' : JSON.stringify(result);
    this.#later(release, () => {
      if (this.#random.chance(0.5)) this.#enter('finished');
      this.#unit = 'ended';
    });
  }

  #enter(phase: string): void {
    this.#phase = phase;
    this.#log += `a line of ${phase}\nand a piece `;
  }

  async #follow(text: string, signal?: AbortSignal): Promise<RunResult> {
    const wait = this.#clock.now() + Number(variable(text, 'wait_seconds')) * 1000;
    const seen = variable(text, 'seen_phase');
    const size = Number(variable(text, 'seen_size'));
    for (;;) {
      this.#happen();
      const now = this.#clock.now();
      const [from, to] = this.story.systemdSilent;
      const state = now >= from && now < to ? 'unknown' : this.#unit === 'running' ? 'running' : 'ended';
      const phase = this.#directory ? this.#phase : '';
      const reads = variable(text, 'reading') !== '';
      const hasNews = (phase && phase !== seen) || this.#log.length > size;
      if (state === 'ended' || (reads ? phase === 'finished' : hasNews) || now >= wait) {
        const isRead = reads && phase === 'finished';
        return lines({
          phase,
          'unit-state': state,
          'boot-id': boots[this.#boot],
          ...(this.#result === undefined ? {} : { result: base64(this.#result) }),
          offset: this.#log.length,
          output: base64(this.#log.slice(size)),
          ...(isRead ? { reading: base64(this.#read().stdout) } : {}),
          end: 'yes',
        });
      }
      await this.#pass(
        Math.min(wait, ...this.#events.map(({ at }) => at), to > now ? to : wait) - now,
        signal,
      );
    }
  }

  #later(milliseconds: number, act: () => void): void {
    this.#events.push({ at: Math.ceil(this.#clock.now() + milliseconds), act });
    this.#events.sort((a, b) => a.at - b.at);
    this.#clock.after(milliseconds, () => this.#happen());
  }

  #happen(until = this.#clock.now()): void {
    for (let next = this.#events[0]; next && next.at <= until; next = this.#events[0]) {
      this.#events.shift();
      next.act();
    }
  }

  /** As ssh does: ends at once if the call is cancelled. */
  #pass(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        stop();
        reject(
          new FleetError({
            code: 'cancelled',
            what: 'the command on the machine was cancelled',
            host: 'one',
          }),
        );
      };
      const stop = this.#clock.after(Math.max(0, milliseconds), () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      if (signal?.aborted) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });
  }
}

function scriptOf(script: string | readonly string[]): Script {
  if (typeof script !== 'string') return 'command';
  for (const [kind, text] of Object.entries(scripts)) if (script.includes(text)) return kind as Script;
  throw new Error(`a script that is not in the model: ${script.slice(-200)}`);
}

function variable(text: string, name: string): string {
  return new RegExp(`^${name}='?(.*?)'?$`, 'm').exec(text)?.[1] ?? '';
}

function joined(one: RunResult, other: RunResult): RunResult {
  return { ...other, stdout: one.stdout + other.stdout };
}

function lines(values: Record<string, string | number>): RunResult {
  const text = Object.entries(values).map(([key, value]) => `${key}=${value}\n`);
  return { stdout: text.join(''), stderr: '', exitCode: 0 };
}
