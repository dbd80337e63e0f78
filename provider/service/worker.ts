import type proto from '@pulumi/pulumi/proto/provider_pb.js';
import { parseUrn } from '../../lib/base/urn.ts';
import {
  type AnyResource,
  type Context,
  PartialFailure,
  type Properties,
  type Recorded,
} from '../resource.ts';
import type { Secrets } from '../wire/secrets.ts';
import type { EngineLog } from './engine-log.ts';
import { WithSecrets } from './errors.ts';
import type { Operations } from './operations.ts';
import { explain } from './preview.ts';
import { RunReport } from './run-report.ts';

type Addressed = Pick<proto.CheckRequest, 'getUrn'>;

/** Runs what resources do for the engine: with a way to log and to be cancelled, and with what becomes of it in the run's report. */
export class Worker {
  readonly #engine: () => EngineLog | undefined;
  readonly #operations: Operations;
  report: RunReport;

  constructor(engine: () => EngineLog | undefined, operations: Operations) {
    this.#engine = engine;
    this.#operations = operations;
    this.report = this.#newReport();
  }

  /** A new run begins. */
  renew(): void {
    this.report = this.#newReport();
  }

  /** Runs an operation that changes something; its failure may be held back while others run. */
  change<T extends { state: Properties }>(
    request: Addressed,
    secrets: Secrets,
    asRecorded: (properties: Properties) => Properties,
    work: (context: Context) => Promise<T>,
  ): Promise<T> {
    const urn = request.getUrn();
    const recording = async (context: Context) => {
      try {
        const done = await work(context);
        this.report.succeeded(urn, done);
        return done;
      } catch (error) {
        this.#operations.forget(this.report.failed(urn, error));
        if (!(error instanceof PartialFailure)) throw error;
        throw new PartialFailure(error.id, asRecorded(error.state as Properties), error.cause as Error);
      }
    };
    return this.#attempt(secrets, () =>
      this.#operations.change(
        (signal) => this.#work(request, secrets, signal, recording),
        (error) => this.report.held(urn, error, secrets),
        { resource: urn, onReleased: () => this.report.close() },
      ),
    );
  }

  async explain(
    request: Addressed,
    secrets: Secrets,
    resource: AnyResource,
    recorded: Recorded<Properties, Properties> | undefined,
    desired: Properties,
  ): Promise<void> {
    if (!resource.explain) return;
    await this.run(request, secrets, async (context) => {
      const note = await explain(resource, recorded, desired, context);
      if (note) this.report.note(request.getUrn(), secrets.redact(note));
    });
  }

  /** Runs something that changes nothing, or whose failure does not wait. */
  run<T>(request: Addressed, secrets: Secrets, work: (context: Context) => Promise<T>): Promise<T> {
    return this.#attempt(secrets, () =>
      this.#operations.run((signal) => this.#work(request, secrets, signal, work)),
    );
  }

  async #work<T>(
    request: Addressed,
    secrets: Secrets,
    signal: AbortSignal,
    work: (context: Context) => Promise<T>,
  ): Promise<T> {
    try {
      return await work(this.#context(request, secrets, signal));
    } finally {
      this.#engine()?.endStatus(request.getUrn());
    }
  }

  async #attempt<T>(secrets: Secrets, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw new WithSecrets(error, secrets);
    } finally {
      await this.#engine()?.flush();
    }
  }

  #context(request: Addressed, secrets: Secrets, signal: AbortSignal): Context {
    const urn = request.getUrn();
    return {
      urn,
      name: parseUrn(urn).name,
      signal,
      status: (message) => this.#engine()?.status(urn, secrets.redact(message)),
      log: (severity, message) => this.#engine()?.log(urn, severity, secrets.redact(message)),
      rollout: this.report.rollout,
    };
  }

  #newReport(): RunReport {
    return new RunReport(this.#engine, (signal) => this.#operations.quiet(signal));
  }
}
