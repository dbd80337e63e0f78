import { presentable } from '../../lib/base/presentable.ts';
import type { Happening, RunResource } from '../../schema/run-event.ts';
import { shortType } from '../summary/summarize.ts';
import { duration } from './run-text.ts';

interface Task {
  text: string;
  /** Milliseconds. */
  since: number;
  /** Where several derivations are built at once: when each began. */
  builds: ReadonlyMap<string, number>;
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
        else this.#set(this.#machines, event.machine, workText(event.phase, event.text));
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
    // A tree is shown where all trees have room.
    const branches = shown.reduce((sum, [, { builds }]) => sum + builds.size, 0);
    const hasTrees = shown.length + branches <= room;
    return [
      ...shown.flatMap(([name, { text, since, builds }]) => {
        const label = longest > 0 ? `${name.padEnd(longest)}  ` : '';
        const isTree = hasTrees && builds.size > 0;
        const said = isTree ? text.replace(/:[^:]*$/, '') : text;
        return [
          this.#line(`${label}${said}`, since),
          ...(isTree ? this.#tree(builds, ' '.repeat(label.length)) : []),
        ];
      }),
      ...(more > 0 ? [`… and ${more} more`] : []),
      ...(tasks.length > 0 ? [this.#counts()] : []),
    ];
  }

  #line(text: string, since: number): string {
    const seconds = Math.floor((this.#now() - since) / 1000);
    return presentable(`${text}${seconds > 0 ? `  (${duration(seconds)})` : ''}`.replaceAll('\n', ' '));
  }

  #tree(builds: ReadonlyMap<string, number>, indent: string): string[] {
    return [...builds].map(([name, since], index) =>
      this.#line(`${indent}${index === builds.size - 1 ? '└' : '├'} ${name}`, since),
    );
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
    const { since = this.#now(), builds: before } = tasks.get(name) ?? {};
    const builds = new Map(buildsIn(text).map((build) => [build, before?.get(build) ?? this.#now()]));
    tasks.set(name, { text, since, builds });
  }
}

/** A status line with its phase, unless it begins with it. */
function workText(phase: string, status: string): string {
  const text = status.replace(/^nixos-fleet: /, '');
  return text.replaceAll(' ', '-').startsWith(phase) ? text : `${phase}: ${text}`;
}

/** What is built at once: 'building 3/10: linux on big.example.org, curl'. */
function buildsIn(text: string): string[] {
  const [, list] = /\bbuilding(?: \d+\/\d+)?: (.+)$/.exec(text) ?? [];
  const builds = list?.split(', ') ?? [];
  return builds.length > 1 ? builds : [];
}

function sorted(tasks: ReadonlyMap<string, Task>): [string, Task][] {
  return [...tasks].sort(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }));
}

function labelOf({ type, name }: RunResource): string {
  return `${shortType(type)} ${name}`;
}
