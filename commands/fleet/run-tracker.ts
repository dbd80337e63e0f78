import type { Happening } from '../../schema/run-event.ts';
import { isManaged, type Operation, operationOf } from '../summary/parse-preview.ts';
import { Diagnostics, isOurs } from './diagnostics.ts';
import type { EngineEvent, EngineStep } from './engine-events.ts';
import { MachineProgress, type Outcome, seconds } from './machine-progress.ts';
import { Owners, resourceOf } from './owners.ts';
import { initialPhase } from './phases.ts';
import { Waves } from './waves.ts';

export interface RunPlan {
  /** Machines of this run. */
  machines: readonly string[];
  /** What the preview found for each; empty without a preview. */
  operations?: ReadonlyMap<string, Operation>;
  /** Texts of the messages that the preview has shown. */
  shown?: ReadonlySet<string>;
}

/** Turns the engine's events of an `up` or a refresh into what happens to machines and other resources. */
export class RunTracker {
  readonly #machines: ReadonlyMap<string, MachineProgress>;
  readonly #shown: ReadonlySet<string>;
  readonly #now: () => number;
  readonly #begunAt: number;
  /** Resources that are worked on. */
  readonly #active = new Set<string>();
  readonly #owners: Owners;
  readonly #waves = new Waves();
  readonly #diagnostics: Diagnostics;

  /** @param now in milliseconds */
  constructor(
    { machines, operations = new Map(), shown = new Set() }: RunPlan,
    now: () => number = () => performance.now(),
  ) {
    this.#machines = new Map(machines.map((name) => [name, new MachineProgress(name, operations.get(name))]));
    this.#shown = shown;
    this.#now = now;
    this.#begunAt = now();
    this.#owners = new Owners(this.#machines);
    this.#diagnostics = new Diagnostics(this.#owners, this.#waves, now);
  }

  take(event: EngineEvent): Happening[] {
    switch (event.kind) {
      case 'begins':
        return this.#begins(event.step);
      case 'ended':
        return this.#ended(event.step);
      case 'failed':
        this.#active.delete(event.step.urn);
        return this.#diagnostics.failed(event.step.urn);
      case 'diagnostic': {
        const { urn, severity, message, ephemeral } = event;
        if (!ephemeral && this.#shown.has(message)) return [];
        // What is said of a resource before work on it begins is about its plan.
        const isPlan = severity === 'info' && !ephemeral && isOurs(urn) && !this.#active.has(urn);
        return isPlan ? [] : this.#diagnostics.take(event);
      }
      default:
        return event satisfies never;
    }
  }

  /** What became of each machine. */
  end(exitCode: number): Happening[] {
    const machines = [...this.#machines.values()];
    const of = (outcome: Outcome) => machines.filter((each) => each.outcome(exitCode) === outcome);
    const names = (outcome: Outcome) => of(outcome).map(({ name }) => name);
    // Of these, only secrets, caches or the like were changed.
    const unreported = of('done').filter((each) => !each.isReported);
    return [
      ...unreported.map((each) => each.done('update', this.#now())),
      {
        event: 'run-ended',
        exitCode,
        seconds: seconds(this.#begunAt, this.#now()),
        done: names('done'),
        failed: names('failed'),
        notBegun: names('not-begun'),
        unchanged: names('unchanged'),
      },
    ];
  }

  #begins(step: EngineStep): Happening[] {
    const { urn, type, op } = step;
    this.#owners.add(step);
    if (type === 'nixos:index:Rollout') this.#waves.plan(step.newState?.inputs ?? {});
    const isLeft = operationOf(op) === 'same' && op !== 'refresh';
    if (!isManaged(step) || isLeft) return [];
    this.#active.add(urn);
    const machine = this.#owners.of(urn);
    if (!machine) return [];
    const isDeployment = type === 'nixos:index:Deployment' && op !== 'refresh';
    const phase = op === 'refresh' ? 'reading' : initialPhase(type);
    return [
      ...(isDeployment ? this.#waves.begin(machine.name) : []),
      ...machine.phase(phase, phase, this.#now()),
    ];
  }

  #ended(step: EngineStep): Happening[] {
    const { urn, type, op } = step;
    const wasActive = this.#active.delete(urn);
    if (!isManaged(step)) return [];
    const operation = operationOf(op);
    const machine = this.#owners.of(urn);
    if (machine && type === 'nixos:index:Deployment')
      return machine.deployed(operation, step.newState?.outputs, this.#now());
    if (!wasActive) return [];
    if (machine)
      return machine.ended(
        operation,
        [...this.#active].some((each) => this.#owners.of(each) === machine),
        this.#now(),
      );
    if (operation === 'same') return [];
    const resource = resourceOf(urn);
    if (type === 'nixos:index:Wave') return this.#waves.passed(resource.name);
    return [{ event: 'resource-done', resource, operation }];
  }
}
