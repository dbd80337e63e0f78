/** Random switches of a model machine, each from a seed, and what must hold after each. */
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { FleetError } from '../../../../../lib/base/errors.ts';
import type { MachineReading } from '../../../../../lib/machine/parse-reading.ts';
import { activate } from '../../../../../lib/machine/switch/activate.ts';
import { ActivationError } from '../../../../../lib/machine/switch/explain.ts';
import { deploymentSettings } from '../../../../../schema/deployment.ts';
import { Random, VirtualClock } from '../../../virtual-clock.ts';
import { bootId, ModelMachine, type Story } from './model-machine.ts';

const second = 1000;
const hour = 3600 * second;
const confirmSeconds = 150;
/** Longer than the longest call, its repetition and the health check. */
const calmMs = 100 * second;

function story(random: Random): Story {
  const span = (longest: number): readonly [number, number] => {
    const from = random.between(0, 120 * second);
    return random.chance(0.5) ? [0, 0] : [from, from + random.between(0, longest)];
  };
  const works = random.chance(0.5);
  return {
    start: random.chance(0.9) ? 'works' : random.pick('works-and-fails', 'fails'),
    fate: works
      ? 'works'
      : random.pick(
          'check-fails',
          'activation-fails',
          'commit-fails',
          'killed',
          'rebooted',
          'elsewhere',
          'no-result',
          'unreadable',
        ),
    steps: random.between(0, random.pick(100, 5 * second, 30 * second)),
    release: random.between(0, 3 * second),
    recovery: random.between(0, 8 * second),
    confirmMs: (confirmSeconds + (random.chance(0.3) ? 30 : 0)) * second,
    healthy: random.chance(0.9),
    noiseUntil: random.between(0, 300 * second),
    noise: random.pick(0, 0.1, 0.5, 0.95),
    sshdDown: span(90 * second),
    systemdSilent: span(60 * second),
    cut: span(90 * second),
    deadAfterRollback: random.chance(0.2),
  };
}

interface Round {
  machine: ModelMachine;
  /** What the operator hears. */
  error: FleetError | undefined;
  /** What the operator gets to know of the machine after a success, if anything. */
  reading: MachineReading | undefined;
  /** When. */
  at: number;
  cancelledAt: number | undefined;
  hasHealthCheck: boolean;
}

export async function play(seed: number, change: Partial<Story> = {}, cancels = true): Promise<Round> {
  const random = new Random(seed);
  const clock = new VirtualClock();
  const told = { ...story(random), ...change };
  const machine = new ModelMachine(clock, random, told);
  const controller = new AbortController();
  const hasHealthCheck = told.confirmMs > confirmSeconds * second;
  let cancelledAt: number | undefined;
  if (cancels && random.chance(0.1))
    clock.after(random.between(0, 100 * second), () => {
      cancelledAt = clock.now();
      controller.abort();
    });
  const ended = activate(machine, {
    ...deploymentSettings.parse({}),
    system: 'new',
    reading: { machineId: 'm', bootId, current: 'old' },
    onDrift: 'overwrite',
    ownership: { claim: '', urn: 'urn:pulumi:test::fleet::nixos:index:Deployment::one' },
    record: { host: 'one', system: 'new', revision: '', by: 'ann@laptop', at: '' },
    confirmTimeoutSeconds: confirmSeconds,
    activationTimeoutSeconds: 600,
    healthChecks: hasHealthCheck ? { one: { command: 'true', timeoutSeconds: 30 } } : {},
    signal: controller.signal,
    clock,
  });
  const result = await clock.until(ended, hour);
  const error = result.status === 'rejected' ? result.reason : undefined;
  if (error !== undefined && !(error instanceof FleetError)) throw error;
  const reading = result.status === 'fulfilled' ? result.value.reading : undefined;
  return { machine, error, reading, at: clock.now(), cancelledAt, hasHealthCheck };
}

/** What must hold after every round, whatever happened. */
export function check({ machine, error, reading, at, cancelledAt, hasHealthCheck }: Round): void {
  const { story } = machine;
  const { ended, live, profile } = machine;
  const heard = error?.message ?? 'confirmed';
  const unhealthy = hasHealthCheck && !story.healthy;
  if (error === undefined) {
    assert.deepEqual(
      [live, profile, ended],
      ['new', 'new', true],
      'success: the machine is on the system, and at its end',
    );
    assert.ok(!unhealthy, 'success: health checks passed');
    if (reading)
      assert.deepEqual(
        [reading.system, reading.profileSystem],
        ['new', 'new'],
        'success: it was read at its end',
      );
  } else if (error.code === 'cancelled') {
    assert.ok(cancelledAt !== undefined, 'cancelled by the operator');
  } else if (/could not be started/.test(heard)) {
    machine.finish();
    assert.equal(machine.outcome, undefined, 'what is called not started never starts');
  } else if (/connection was lost/.test(heard)) {
    assert.ok(
      at - machine.repliedAt >= (confirmSeconds + 60) * second,
      'lost: no answer for the whole limit',
    );
  } else if (/rebooted/.test(heard)) {
    assert.equal(story.fate, 'rebooted');
  } else if (/without a readable result/.test(heard)) {
    assert.ok(ended, 'no end before the machine’s own');
    assert.ok(['no-result', 'unreadable'].includes(story.fate), 'a result is found');
  } else {
    assert.ok(error instanceof ActivationError, heard);
    assert.ok(ended, 'no end before the machine’s own');
    assert.equal(error.result.outcome, machine.outcome);
    if (error.result.wentBack === 'yes' && error.code !== 'rollback-failed') {
      assert.equal(live, 'old');
      assert.ok(
        (machine.verifiedAt ?? 0) > (machine.rejectedAt ?? machine.waitingAt ?? 0),
        'a rollback is verified',
      );
      assert.ok(!story.deadAfterRollback, 'an unreachable machine is not called rolled back');
    }
  }
  machine.finish();
  if (machine.confirmedAt !== undefined && story.fate !== 'commit-fails' && story.fate !== 'rebooted')
    assert.deepEqual(
      [machine.live, machine.profile],
      ['new', 'new'],
      'what was confirmed is not rolled back',
    );
  if (unhealthy) assert.equal(machine.profile, 'old', 'an unhealthy system is never confirmed');
  if (machine.outcome === 'rejected')
    assert.ok(
      cancelledAt !== undefined || hasHealthCheck || story.fate === 'elsewhere',
      'only what was refused is rejected',
    );
  // Where the machine can be reached long enough, the switch is confirmed, and the operator hears so.
  const calm = Math.max(story.noiseUntil, story.cut[1], story.sshdDown[1], story.systemdSilent[1]) + calmMs;
  const deadline = (machine.waitingAt ?? 0) + story.confirmMs;
  if (
    machine.waitingAt !== undefined &&
    calm < deadline &&
    cancelledAt === undefined &&
    !hasHealthCheck &&
    story.fate === 'works'
  )
    assert.equal(heard, 'confirmed', 'a machine that can be reached in time is confirmed');
}

/** Plays rounds, and returns how often each end was met. */
export async function playRounds(first: number, rounds: number): Promise<Map<string, number>> {
  const met = new Map<string, number>();
  for (let seed = first; seed < first + rounds; seed += 1) {
    try {
      const round = await play(seed);
      check(round);
      const code = round.error?.code ?? 'confirmed';
      met.set(code, (met.get(code) ?? 0) + 1);
    } catch (error) {
      throw new Error(
        `seed ${seed} (FOLLOW_SEED=${seed} FOLLOW_ROUNDS=1): ${error instanceof Error ? error.message : error}`,
        {
          cause: error,
        },
      );
    }
  }
  return met;
}

// In a thread of its own: the hooks of the test runner would take most of the time.
if (parentPort) {
  const { first, rounds } = workerData as { first: number; rounds: number };
  parentPort.postMessage(await playRounds(first, rounds));
}
