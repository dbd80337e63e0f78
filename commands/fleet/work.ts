import { presentable } from '../../lib/base/presentable.ts';
import type { Happening, RunResource } from '../../schema/run-event.ts';
import { shortType } from '../summary/summarize.ts';
import { duration } from './run-text.ts';

interface Task {
  text: string;
  /** Milliseconds. */
  since: number;
}

/** What a run is working on, and how far it has come. */
export class Work {
  readonly #now: () => number;
  readonly #begunAt: number;
  readonly #machines = new Map<string, Task>();
  readonly #others = new Map<string, Task>();
  readonly #done = new Set<string>();
  readonly #failed = new Set<string>();
  #planned = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#begunAt = now();
  }

  take(event: Happening): void {
    switch (event.event) {
      case 'machine-planned':
        if (event.operation !== 'same') this.#planned += 1;
        return;
      case 'phase':
        // The program has evaluated by then.
        this.#others.delete('');
        // One that waits for others is not worked on.
        if (event.phase === 'waiting') this.#machines.delete(event.machine);
        else
          this.#set(
            this.#machines,
            event.machine,
            event.text === event.phase ? event.phase : `${event.phase}: ${event.text}`,
          );
        return;
      case 'machine-done':
        this.#done.add(event.machine);
        this.#machines.delete(event.machine);
        return;
      case 'machine-failed':
        this.#failed.add(event.machine);
        this.#done.delete(event.machine);
        this.#machines.delete(event.machine);
        return;
      case 'progress':
        this.#progress(event.resource ? labelOf(event.resource) : '', event.text);
        return;
      case 'resource-done':
      case 'resource-failed':
        this.#others.delete(labelOf(event.resource));
        return;
      case 'wave-passed':
      case 'wave-failed':
        this.#others.delete(`Wave ${event.wave}`);
        return;
      case 'preview-ended':
        this.#others.clear();
        return;
      case 'run-began':
      case 'resource-planned':
      case 'wave-began':
      case 'run-failed':
      case 'message':
      case 'interrupted':
      case 'run-ended':
        return;
      default:
        event satisfies never;
    }
  }

  /** Lines of a terminal of this height: the state of all, and a line for each that is worked on. */
  lines(height: number): string[] {
    const tasks = [...sorted(this.#others), ...sorted(this.#machines)];
    const room = Math.max(1, height - 4);
    const shown = tasks.length > room ? tasks.slice(0, room - 1) : tasks;
    const more = tasks.length - shown.length;
    const longest = Math.max(0, ...shown.map(([name]) => name.length));
    return [
      ...shown.map(([name, { text, since }]) => {
        const seconds = Math.floor((this.#now() - since) / 1000);
        const label = longest > 0 ? `${name.padEnd(longest)}  ` : '';
        return presentable(
          `${label}${text}${seconds > 0 ? `  (${duration(seconds)})` : ''}`.replaceAll('\n', ' '),
        );
      }),
      ...(more > 0 ? [`… and ${more} more`] : []),
      ...(tasks.length > 0 ? [this.#counts()] : []),
    ];
  }

  #counts(): string {
    const of = this.#planned > 0 ? ` of ${this.#planned}` : '';
    const failed = this.#failed.size > 0 ? `, ${this.#failed.size} failed` : '';
    return `${this.#done.size}${of} done${failed}, ${this.#machines.size} at work  (${duration((this.#now() - this.#begunAt) / 1000)})`;
  }

  #progress(label: string, text: string): void {
    if (text === '') this.#others.delete(label);
    else this.#set(this.#others, label, text);
  }

  #set(tasks: Map<string, Task>, name: string, text: string): void {
    tasks.set(name, { text, since: tasks.get(name)?.since ?? this.#now() });
  }
}

function sorted(tasks: ReadonlyMap<string, Task>): [string, Task][] {
  return [...tasks].sort(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }));
}

function labelOf({ type, name }: RunResource): string {
  return `${shortType(type)} ${name}`;
}
