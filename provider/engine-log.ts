import { credentials, Metadata } from '@grpc/grpc-js';
import engineGrpc from '@pulumi/pulumi/proto/engine_grpc_pb.js';
import engineProto from '@pulumi/pulumi/proto/engine_pb.js';

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

/**
 * Writes to the display of the Pulumi engine. Entries arrive in the order given. A status that is overtaken by a newer
 * one of the same resource before it was sent is dropped, so that progress never lags behind the work.
 */
export class EngineLog {
  readonly #client: engineGrpc.EngineClient;
  #queue: Entry[] = [];
  #sending: Promise<void> | undefined;

  constructor(address: string) {
    this.#client = new engineGrpc.EngineClient(address, credentials.createInsecure());
  }

  log(urn: string, severity: LogSeverity, message: string): void {
    this.#add({ urn, severity, message, ephemeral: false });
  }

  /** Shows a line beside the resource, until the next one. */
  status(urn: string, message: string): void {
    this.#queue = this.#queue.filter((entry) => !entry.ephemeral || entry.urn !== urn);
    this.#add({ urn, severity: 'info', message, ephemeral: true });
  }

  /** Resolves when everything given so far has been sent, or could not be. */
  async flush(): Promise<void> {
    while (this.#sending) await this.#sending;
  }

  close(): void {
    this.#client.close();
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
      request.setMessage(entry.message);
      request.setEphemeral(entry.ephemeral);
      // An engine that went away takes no more lines; the work must not fail for that.
      await new Promise<void>((resolve) => {
        this.#client.log(request, new Metadata(), { deadline: Date.now() + 5000 }, () => resolve());
      });
    }
  }
}
