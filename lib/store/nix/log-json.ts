import { formatSize } from '../../base/bytes.ts';
import { printable } from '../../base/presentable.ts';
import { storeName } from './nix.ts';

/** Types of activities in Nix's `--log-format internal-json` (logging.hh). */
const activity = { copyPath: 100, fileTransfer: 101, copyPaths: 103, builds: 104, build: 105 } as const;
/** Types of their results. */
export const logResult = { buildLogLine: 101, progress: 105, setExpected: 106 } as const;

interface LogEvent {
  action: 'start' | 'stop' | 'result' | 'msg';
  id?: number;
  type?: number;
  level?: number;
  text?: string;
  fields?: (string | number)[];
  msg?: string;
  raw_msg?: string;
}

interface Activity {
  type: number;
  text: string;
  subject: string;
  done: number;
  expected: number;
  running: number;
}

/** A build that runs. */
export interface RunningBuild {
  drvPath: string;
  /** The builder; undefined on this computer. */
  builder: string | undefined;
}

/** Called with each new line for a status display, and with what is being built: nothing during a copy. */
export type OnNixProgress = (message: string, building?: { count: string; builds: RunningBuild[] }) => void;

export interface NixLogOptions {
  onProgress?: OnNixProgress;
  /** Log lines kept of each build; 15 by default. */
  keptLines?: number;
  /** Called when a build begins, with the machine's store URI (`ssh-ng://…`); undefined on this computer. */
  onBuild?: (drvPath: string, machine: string | undefined) => void;
  /** Called with each log line of a build. */
  onBuildLine?: (drvPath: string, line: string) => void;
}

/** More builds than these are counted. */
const namedBuilds = 6;

/** 'building 3/10: nginx-1.28.0 on big.example.org, curl-8.17.0' */
export function buildingText(count: string, builds: readonly RunningBuild[]): string {
  const named = builds.length > namedBuilds ? builds.slice(0, namedBuilds - 1) : builds;
  const names = named.map(
    ({ drvPath, builder }) => `${storeName(drvPath)}${builder ? ` on ${builder}` : ''}`,
  );
  const more = builds.length > named.length ? [`${builds.length - named.length} more`] : [];
  return `building${count}: ${[...names, ...more].join(', ')}`;
}

/**
 * Parses the `--log-format internal-json` lines of a nix process: reports progress, and keeps the error messages and the last log
 * lines of each build.
 */
export class NixLog {
  /** Error messages, in order, without colours. */
  readonly errors: string[] = [];
  /** Warnings, and lines that are not in the log format. */
  readonly notes: string[] = [];
  readonly #activities = new Map<number, Activity>();
  readonly #buildLogs = new Map<string, string[]>();
  /** Builds that run, by activity. */
  readonly #builds = new Map<number, RunningBuild>();
  readonly #options: NixLogOptions;
  #last = '';
  #copiedBytes = 0;

  constructor(options: NixLogOptions = {}) {
    this.#options = options;
  }

  /** Last log lines of a derivation that this process built or tried to. */
  buildLog(drvPath: string): string[] {
    return this.#buildLogs.get(drvPath) ?? [];
  }

  /** Parses one line of nix's stderr. */
  line(line: string): void {
    const event = parseLogLine(line);
    if (!event) {
      if (line.trim()) this.notes.push(printable(line));
      return;
    }
    switch (event.action) {
      case 'msg':
        this.#message(event);
        break;
      case 'start':
        this.#start(event);
        break;
      case 'result':
        this.#result(event);
        break;
      case 'stop':
        this.#stop(event);
        break;
    }
  }

  #message(event: LogEvent): void {
    const text = printable(event.raw_msg ?? event.msg ?? '');
    if (event.level === 0) this.errors.push(text.replace(/^error:\s*/, ''));
    else if (event.level === 1) this.notes.push(text);
  }

  #start(event: LogEvent): void {
    const started: Activity = {
      type: event.type ?? 0,
      text: event.text ?? '',
      subject: String(event.fields?.[0] ?? ''),
      done: 0,
      expected: 0,
      running: 0,
    };
    const isKnown = this.#isBuilding(started.subject);
    this.#activities.set(event.id ?? 0, started);
    // A remote builder reports the same build again.
    if (started.type === activity.build && !isKnown) {
      this.#buildBegins(event.id ?? 0, started.subject, String(event.fields?.[1] ?? ''));
    }
  }

  #isBuilding(drvPath: string): boolean {
    return [...this.#activities.values()].some(
      ({ type, subject }) => type === activity.build && subject === drvPath,
    );
  }

  #buildBegins(id: number, drvPath: string, storeUri: string): void {
    const machine = storeUri.replace(/\?.*$/, '') || undefined;
    this.#options.onBuild?.(drvPath, machine);
    this.#builds.set(id, { drvPath, builder: machine?.replace(/^[a-z-]+:\/\/(.*@)?/, '') });
    this.#showBuilds();
  }

  #showBuilds(): void {
    const { done, expected } = this.#total(activity.builds);
    const count = expected > 1 ? ` ${Math.min(done + 1, expected)}/${expected}` : '';
    const builds = [...this.#builds.values()];
    if (builds.length > 0) this.#show(buildingText(count, builds), { count, builds });
  }

  #result(event: LogEvent): void {
    const current = this.#activities.get(event.id ?? 0);
    if (!current) return;
    const [first, second, third] = event.fields ?? [];
    if (event.type === logResult.buildLogLine) {
      const lines = this.#buildLogs.get(current.subject) ?? [];
      const line = printable(String(first));
      lines.push(line);
      this.#options.onBuildLine?.(current.subject, line);
      if (lines.length > (this.#options.keptLines ?? 15)) lines.shift();
      this.#buildLogs.set(current.subject, lines);
    } else if (event.type === logResult.progress) {
      current.done = Number(first);
      current.expected = Number(second);
      current.running = Number(third);
      if (current.type === activity.copyPaths || current.type === activity.copyPath) this.#showCopy();
    }
  }

  #stop(event: LogEvent): void {
    const ended = this.#activities.get(event.id ?? 0);
    if (ended?.type === activity.copyPath) this.#copiedBytes += ended.done;
    this.#activities.delete(event.id ?? 0);
    if (this.#builds.delete(event.id ?? 0)) this.#showBuilds();
  }

  #total(type: number): { done: number; expected: number; running: number } {
    const total = { done: 0, expected: 0, running: 0 };
    for (const each of this.#activities.values()) {
      if (each.type !== type) continue;
      total.done += each.done;
      total.expected += each.expected;
      total.running += each.running;
    }
    return total;
  }

  #showCopy(): void {
    const paths = this.#total(activity.copyPaths);
    if (paths.done + paths.running === 0) return;
    const bytes = this.#copiedBytes + this.#total(activity.copyPath).done;
    const size = bytes > 0 ? `, ${formatSize(bytes)}` : '';
    this.#show(`copying ${paths.done}/${paths.expected} paths${size}`);
  }

  #show(message: string, building?: Parameters<OnNixProgress>[1]): void {
    // Another attempt at what was built before has the same line.
    if (message === this.#last) return;
    this.#last = message;
    this.#options.onProgress?.(message, building);
  }
}

/** The event in a line of `--log-format internal-json`; undefined for a line that is not in this format. */
export function parseLogLine(line: string): LogEvent | undefined {
  if (!line.startsWith('@nix {')) return undefined;
  try {
    return JSON.parse(line.slice('@nix '.length)) as LogEvent;
  } catch {
    return undefined;
  }
}
