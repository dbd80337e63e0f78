import { type Clock, realClock } from '../../lib/base/clock.ts';
import { formatNames } from '../../lib/base/name-ranges.ts';
import { presentable } from '../../lib/base/presentable.ts';
import type { Happening } from '../../schema/run-event.ts';
import { groupEqualTexts } from './equal-lines.ts';
import { MachineLines } from './machine-lines.ts';
import type { Action } from './options.ts';
import type { Paint } from './paint.ts';
import { fittingPlan, planLines, wholeRoom } from './plan-text.ts';
import { paintedPlan, paintedWork, wrapped } from './readable.ts';
import { Region, type Terminal } from './region.ts';
import { closingLines, lineOf } from './run-text.ts';
import { Work } from './work.ts';

/** Milliseconds between two drawings. */
const interval = 200;

/** How much of two screens is left to the plan: the machines have lines, too. */
const planShare = 0.9;

export interface DisplayOptions {
  action: Action;
  skipPreview: boolean;
  /** Whether lines can be drawn again. */
  isTerminal: boolean;
  /** Whether the plan is shown whole. */
  details: boolean;
  paint: Paint;
  clock?: Clock;
}

/** What a person sees of a run: its plan, what is being done, what was done, and what became of all machines. */
export class Display {
  readonly #options: DisplayOptions;
  readonly #clock: Clock;
  readonly #region: Region;
  readonly #work: Work;
  readonly #machines: MachineLines;
  readonly #events: Happening[] = [];
  /** Lines that were printed and are not repeated. */
  readonly #printed = new Set<string>();
  #isPreview: boolean;
  #stopTimer: (() => void) | undefined;

  constructor(terminal: Terminal, options: DisplayOptions) {
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    this.#region = new Region(terminal);
    this.#work = new Work(() => this.#clock.now());
    this.#machines = new MachineLines(options.paint);
    this.#isPreview = !options.skipPreview;
  }

  take(event: Happening): void {
    this.#events.push(event);
    this.#work.take(event);
    if (!this.#isPreview || event.event === 'run-began') this.#print(this.#machines.take(event));
    if (event.event === 'run-began' && event.machines.length < event.of)
      this.#print([`on ${formatNames(event.machines)}: ${event.machines.length} of ${event.of} hosts`]);
    if (event.event === 'preview-ended') this.#endPreview(event.exitCode);
    else if (event.event === 'run-ended') this.#end();
    else {
      const line =
        this.#isPreview && event.event !== 'interrupted' ? undefined : lineOf(event, this.#options.paint);
      if (line !== undefined) this.#print([line]);
      this.#schedule();
    }
  }

  /** Shows the plan whole. */
  showDetails(): void {
    this.#stay(this.#painted(planLines(this.#events, wholeRoom).map(presentable)));
  }

  #endPreview(exitCode: number): void {
    this.#isPreview = false;
    this.#stop();
    const { details } = this.#options;
    const { width, height } = this.#region;
    const hasPlan = exitCode === 0 || this.#events.some(({ event }) => event === 'machine-planned');
    const plan = details
      ? planLines(this.#events, wholeRoom)
      : fittingPlan(this.#events, width, height * planShare);
    this.#print([...(hasPlan ? this.#painted(plan) : []), ...this.#messages()]);
  }

  /** The messages of the preview, equal ones of several machines once. */
  #messages(): string[] {
    const messages = this.#events.flatMap((event) => {
      if (event.event !== 'message') return [];
      const { machine = '' } = event;
      const text = withoutName(event.text, machine).replace(`closure of ${machine}: `, 'closure: ');
      const line = lineOf({ ...event, text, machine: undefined }, this.#options.paint);
      return line === undefined ? [] : [{ name: machine, text: line }];
    });
    return groupEqualTexts(messages).map(({ names, text }) => {
      const whose = formatNames(names.filter(Boolean));
      return whose ? `${whose}: ${text}` : text;
    });
  }

  #end(): void {
    this.#stop();
    this.#print(closingLines(this.#events, this.#options.action, this.#options.paint));
  }

  #print(lines: readonly string[]): void {
    const fresh = lines.filter((line) => !this.#printed.has(line));
    for (const line of fresh) this.#printed.add(line);
    this.#stay(fresh);
  }

  /** Prints lines; on a terminal none is broken within a word. */
  #stay(lines: readonly string[]): void {
    const { width } = this.#region;
    this.#region.print(this.#options.isTerminal ? lines.flatMap((line) => wrapped(line, width)) : lines);
  }

  #painted(plan: readonly string[]): string[] {
    return plan.map((line) => paintedPlan(line, this.#options.paint));
  }

  #schedule(): void {
    if (!this.#options.isTerminal || this.#stopTimer) return;
    this.#stopTimer = this.#clock.after(interval, () => {
      this.#stopTimer = undefined;
      const lines = this.#work.lines(this.#region.height);
      this.#region.draw(lines, (line) => paintedWork(line, this.#options.paint));
      // The seconds pass, also where nothing happens.
      if (lines.length > 0) this.#schedule();
    });
  }

  #stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#region.draw([]);
  }
}

function withoutName(text: string, machine: string): string {
  return text.startsWith(`${machine}: `) ? text.slice(machine.length + 2) : text;
}
