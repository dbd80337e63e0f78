import { credentials, Metadata } from '@grpc/grpc-js';
import engineGrpc from '@pulumi/pulumi/proto/engine_grpc_pb.js';
import engineProto from '@pulumi/pulumi/proto/engine_pb.js';
import { type Clock, realClock } from '../../lib/base/clock.ts';
import { presentable } from '../../lib/base/presentable.ts';

export type LogSeverity = 'debug' | 'info' | 'warning' | 'error';

const severities = {
  debug: engineProto.LogSeverity.DEBUG,
  info: engineProto.LogSeverity.INFO,
  warning: engineProto.LogSeverity.WARNING,
  error: engineProto.LogSeverity.ERROR,
} as const;

interface Entry {
  urn: string;
  severity: LogSeverity;
  message: string;
  ephemeral: boolean;
}

/** A resource's status line changes no more often: every change is an event for the engine, and a line in a CI's log. */
const statusIntervalMilliseconds = 500;

interface StatusLine {
  shownAt: number;
  /** The newest message while the interval lasts. */
  waiting?: string;
  stopTimer?: () => void;
}

/** Writes to the display of the Pulumi engine. Entries arrive in the order given. */
export class EngineLog {
  readonly #client: engineGrpc.EngineClient;
  readonly #clock: Clock;
  readonly #statuses = new Map<string, StatusLine>();
  #queue: Entry[] = [];
  #sending: Promise<void> | undefined;

  constructor(address: string, clock: Clock = realClock) {
    this.#client = new engineGrpc.EngineClient(address, credentials.createInsecure());
    this.#clock = clock;
  }

  log(urn: string, severity: LogSeverity, message: string): void {
    this.#add({ urn, severity, message, ephemeral: false });
  }

  /** Shows a line beside the resource, until the next one. Of lines that come fast, the newest is shown. */
  status(urn: string, message: string): void {
    const line = this.#statuses.get(urn);
    const left = line ? line.shownAt + statusIntervalMilliseconds - this.#clock.now() : 0;
    if (!line || left <= 0) {
      this.#showStatus(urn, message);
      return;
    }
    line.waiting = message;
    line.stopTimer ??= this.#clock.after(left, () => this.#showStatus(urn, line.waiting ?? message));
  }

  /** Removes the resource's status line once its work has ended. */
  endStatus(urn: string): void {
    const line = this.#statuses.get(urn);
    if (!line) return;
    line.stopTimer?.();
    this.#statuses.delete(urn);
    this.#add({ urn, severity: 'info', message: '', ephemeral: true });
  }

  /** Resolves when everything given so far has been sent, or could not be. */
  async flush(): Promise<void> {
    while (this.#sending) await this.#sending;
  }

  close(): void {
    for (const line of this.#statuses.values()) line.stopTimer?.();
    this.#statuses.clear();
    this.#client.close();
  }

  #showStatus(urn: string, message: string): void {
    this.#statuses.get(urn)?.stopTimer?.();
    this.#statuses.set(urn, { shownAt: this.#clock.now() });
    this.#add({ urn, severity: 'info', message, ephemeral: true });
  }

  #add(entry: Entry): void {
    this.#queue.push(entry);
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  async #send(): Promise<void> {
    for (let entry = this.#queue.shift(); entry; entry = this.#queue.shift()) {
      const request = new engineProto.LogRequest();
      request.setUrn(entry.urn);
      request.setSeverity(severities[entry.severity]);
      request.setMessage(presentable(entry.message));
      request.setEphemeral(entry.ephemeral);
      // An engine that went away takes no more lines; the work must not fail for that.
      await new Promise<void>((resolve) => {
        this.#client.log(request, new Metadata(), { deadline: Date.now() + 5000 }, () => resolve());
      });
    }
  }
}
