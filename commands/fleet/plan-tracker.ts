import type { Happening } from '../../schema/run-event.ts';
import { collectPreview, type Operation, type PrintedStep } from '../summary/parse-preview.ts';
import { type Changed, summarize } from '../summary/summarize.ts';
import { type Diagnostic, Diagnostics, isOurs } from './diagnostics.ts';
import type { EngineEvent } from './engine-events.ts';
import { MachineProgress, seconds } from './machine-progress.ts';
import { Owners, resourceOf } from './owners.ts';
import { plannedEvents } from './planned-events.ts';
import { Waves } from './waves.ts';

/** Turns the engine's events of a preview into what a run would do. */
export class PlanTracker {
  readonly #machines: ReadonlyMap<string, MachineProgress>;
  readonly #owners: Owners;
  readonly #diagnostics: Diagnostics;
  readonly #now: () => number;
  readonly #begunAt: number;
  readonly #refreshed = new Set<string>();
  readonly #steps: PrintedStep[] = [];
  readonly #messages: Diagnostic[] = [];
  /** What the preview found for each machine, once it has ended. */
  readonly operations = new Map<string, Operation>();

  constructor(machines: readonly string[], now: () => number = () => performance.now()) {
    this.#machines = new Map(machines.map((name) => [name, new MachineProgress(name, undefined)]));
    this.#now = now;
    this.#begunAt = now();
    this.#owners = new Owners(this.#machines);
    this.#diagnostics = new Diagnostics(this.#owners, new Waves(), now);
  }

  /** Texts of the messages so far. */
  get shown(): ReadonlySet<string> {
    return new Set(this.#messages.map(({ message }) => message));
  }

  take(event: EngineEvent): Happening[] {
    switch (event.kind) {
      case 'begins': {
        const { step } = event;
        this.#owners.add(step);
        if (step.op === 'refresh') this.#refreshed.add(step.urn);
        else this.#steps.push(step);
        return [];
      }
      case 'ended':
        // What a refresh finds is known at its end.
        if (this.#refreshed.delete(event.step.urn)) this.#steps.push(event.step);
        return [];
      case 'failed':
        return this.#diagnostics.failed(event.step.urn);
      case 'diagnostic': {
        if (!event.ephemeral) this.#messages.push(event);
        // A note of the provider may be part of a machine's lines at the end.
        return isNote(event) ? [] : this.#diagnostics.take(event);
      }
      default:
        return event satisfies never;
    }
  }

  /** What became of the machines of a run that was only a preview. */
  ended(exitCode: number): Happening[] {
    const names = (fits: (name: string) => boolean) => [...this.#machines.keys()].filter(fits);
    const isFailed = (name: string) => this.#machines.get(name)?.outcome(exitCode) === 'failed';
    const isChanged = (name: string) => (this.operations.get(name) ?? 'same') !== 'same';
    return [
      {
        event: 'run-ended',
        exitCode,
        seconds: seconds(this.#begunAt, this.#now()),
        done: [],
        failed: names(isFailed),
        notBegun: names((name) => !isFailed(name) && isChanged(name)),
        unchanged: names((name) => !isFailed(name) && !isChanged(name)),
      },
    ];
  }

  /** The plan. */
  end(exitCode: number): Happening[] {
    const summary = summarize(
      collectPreview(
        this.#steps,
        this.#messages.map(({ urn, ...rest }) => ({ ...rest, ...(urn ? { urn } : {}) })),
      ),
    );
    const [machines, removed] = [[] as Changed[], [] as Changed[]];
    for (const each of summary.machines) (this.#machines.has(each.name) ? machines : removed).push(each);
    for (const { name, operation } of machines) this.operations.set(name, operation);
    return [
      ...plannedEvents(machines, removed, summary),
      ...this.#messages
        .filter((each) => isNote(each) && !isTold(each, machines))
        .flatMap((each) => this.#diagnostics.take(each)),
      { event: 'preview-ended', exitCode },
    ];
  }
}

function isNote({ urn, severity, ephemeral }: Diagnostic): boolean {
  return severity === 'info' && !ephemeral && isOurs(urn);
}

/** Whether a note repeats a line about machines, kernels or images. */
function isTold({ urn, message }: Diagnostic, machines: readonly Changed[]): boolean {
  const { type, name } = resourceOf(urn);
  if (type !== 'nixos:index:Deployment')
    return ['System', 'Kernel', 'Image'].some((each) => type === `nixos:index:${each}`);
  const consequences = machines.find((each) => each.name === name)?.consequences ?? [];
  return (
    consequences.includes(message) || /^(facts|closure) of \S+:( the same as of \S+)?(\n|$)/.test(message)
  );
}
