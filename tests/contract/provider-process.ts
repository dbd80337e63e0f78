import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { credentials, Server, ServerCredentials, type ServiceError } from '@grpc/grpc-js';
import engineGrpc from '@pulumi/pulumi/proto/engine_grpc_pb.js';
import type { LogRequest } from '@pulumi/pulumi/proto/engine_pb.js';
import grpc from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import proto from '@pulumi/pulumi/proto/provider_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import struct from 'google-protobuf/google/protobuf/struct_pb.js';

export const executable = fileURLToPath(new URL('../../provider/pulumi-resource-nixos', import.meta.url));

export type Plain = Record<string, struct.JavaScriptValue>;

/** A diagnostic that the provider sent to the engine. */
export interface Shown {
  urn: string;
  message: string;
  severity: number;
  ephemeral: boolean;
}

/** The part of the engine's service that a provider uses. */
export class FakeEngine {
  readonly shown: Shown[] = [];
  readonly #server = new Server();
  readonly #lines = new EventEmitter();
  address = '';

  async start(): Promise<void> {
    this.#server.addService(engineGrpc.EngineService, {
      log: (
        call: { request: LogRequest },
        callback: (error: ServiceError | null, response: empty.Empty) => void,
      ) => {
        this.shown.push(call.request.toObject() as Shown);
        this.#lines.emit('line');
        callback(null, new empty.Empty());
      },
    });
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    this.address = `127.0.0.1:${port}`;
  }

  /** Resolves once a matching diagnostic has been shown. */
  async until(fits: (line: Shown) => boolean): Promise<void> {
    while (!this.shown.some(fits)) await once(this.#lines, 'line');
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}

type Method =
  | 'handshake'
  | 'getPluginInfo'
  | 'getSchema'
  | 'checkConfig'
  | 'diffConfig'
  | 'configure'
  | 'invoke';
type ResourceMethod = 'check' | 'diff' | 'create' | 'read' | 'update' | 'delete' | 'cancel' | 'attach';

/** Calls a provider like the engine. */
export class ProviderClient {
  readonly client: grpc.ResourceProviderClient;
  readonly port: number;

  constructor(port: number) {
    this.port = port;
    this.client = new grpc.ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.max_metadata_size': 16 * 1024 * 1024,
    });
  }

  /** Calls a method by name. Throws the provider's error. */
  call<Response>(method: Method | ResourceMethod, request: unknown): Promise<Response> {
    const unary = this.client[method] as unknown as (
      request: unknown,
      callback: (error: ServiceError | null, response: Response) => void,
    ) => void;
    return new Promise((resolve, reject) => {
      unary.call(this.client, request, (error, response) => (error ? reject(error) : resolve(response)));
    });
  }

  /** `property` of a failure is the one that its reason begins with. */
  async check(
    urn: string,
    news: Plain,
  ): Promise<{ inputs: Plain; failures: { property: string; reason: string }[] }> {
    const request = new proto.CheckRequest();
    request.setUrn(urn);
    request.setNews(struct.Struct.fromJavaScript(news));
    const response = await this.call<proto.CheckResponse>('check', request);
    return {
      inputs: plain(response.getInputs()),
      failures: response.getFailuresList().map(failureFrom),
    };
  }

  diff(
    urn: string,
    old: { id?: string; inputs: Plain; state: Plain },
    news: Plain,
  ): Promise<proto.DiffResponse> {
    const request = new proto.DiffRequest();
    request.setUrn(urn);
    request.setId(old.id ?? 'some-id');
    request.setOldInputs(struct.Struct.fromJavaScript(old.inputs));
    request.setOlds(struct.Struct.fromJavaScript(old.state));
    request.setNews(struct.Struct.fromJavaScript(news));
    return this.call('diff', request);
  }

  async create(urn: string, inputs: Plain, preview = false): Promise<{ id: string; state: Plain }> {
    const request = new proto.CreateRequest();
    request.setUrn(urn);
    request.setProperties(struct.Struct.fromJavaScript(inputs));
    request.setPreview(preview);
    const response = await this.call<proto.CreateResponse>('create', request);
    return { id: response.getId(), state: plain(response.getProperties()) };
  }

  async update(
    urn: string,
    old: { id: string; inputs: Plain; state: Plain },
    news: Plain,
    preview = false,
  ): Promise<Plain> {
    const request = new proto.UpdateRequest();
    request.setUrn(urn);
    request.setId(old.id);
    request.setOldInputs(struct.Struct.fromJavaScript(old.inputs));
    request.setOlds(struct.Struct.fromJavaScript(old.state));
    request.setNews(struct.Struct.fromJavaScript(news));
    request.setPreview(preview);
    return plain((await this.call<proto.UpdateResponse>('update', request)).getProperties());
  }

  async read(
    urn: string,
    id: string,
    recorded?: { inputs: Plain; state: Plain },
  ): Promise<{ id: string; inputs: Plain; state: Plain }> {
    const request = new proto.ReadRequest();
    request.setUrn(urn);
    request.setId(id);
    if (recorded) {
      request.setInputs(struct.Struct.fromJavaScript(recorded.inputs));
      request.setProperties(struct.Struct.fromJavaScript(recorded.state));
    }
    const response = await this.call<proto.ReadResponse>('read', request);
    return {
      id: response.getId(),
      inputs: plain(response.getInputs()),
      state: plain(response.getProperties()),
    };
  }

  async delete(urn: string, old: { id: string; inputs: Plain; state: Plain }): Promise<void> {
    const request = new proto.DeleteRequest();
    request.setUrn(urn);
    request.setId(old.id);
    request.setOldInputs(struct.Struct.fromJavaScript(old.inputs));
    request.setProperties(struct.Struct.fromJavaScript(old.state));
    await this.call('delete', request);
  }

  async configure(args: Plain = {}): Promise<proto.ConfigureResponse> {
    const request = new proto.ConfigureRequest();
    request.setArgs(struct.Struct.fromJavaScript(args));
    return await this.call('configure', request);
  }

  /** Calls a function. */
  async invoke(token: string, args: Plain): Promise<{ result: Plain; failures: string[] }> {
    const request = new proto.InvokeRequest();
    request.setTok(token);
    request.setArgs(struct.Struct.fromJavaScript(args));
    const response = await this.call<proto.InvokeResponse>('invoke', request);
    return {
      result: plain(response.getReturn()),
      failures: response.getFailuresList().map((failure) => failure.getReason()),
    };
  }

  cancel(): Promise<empty.Empty> {
    return this.call('cancel', new empty.Empty());
  }
}

/** The provider's process, started like the engine does. */
export class ProviderProcess extends ProviderClient {
  readonly engine: FakeEngine;
  readonly child: ChildProcess;

  private constructor(child: ChildProcess, engine: FakeEngine, port: number) {
    super(port);
    this.child = child;
    this.engine = engine;
  }

  static async start(env: NodeJS.ProcessEnv = {}): Promise<ProviderProcess> {
    const engine = new FakeEngine();
    await engine.start();
    const child = spawn(executable, [engine.address], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return new ProviderProcess(child, engine, Number(line));
  }

  /** Ends the engine; resolves with the provider's exit code. */
  async end(): Promise<number | null> {
    const exited = this.child.exitCode === null ? once(this.child, 'exit') : undefined;
    this.child.stdin?.end();
    await exited;
    this.client.close();
    this.engine.stop();
    return this.child.exitCode;
  }
}

export function plain(message: struct.Struct | undefined): Plain {
  return message?.toJavaScript() ?? {};
}

/** The leaf paths of a diff with their kinds, such as `{ 'config.KVM': 'UPDATE' }`. */
export function detailedDiff(response: proto.DiffResponse): Record<string, string> {
  const names = Object.entries(proto.PropertyDiff.Kind);
  return Object.fromEntries(
    [...response.getDetaileddiffMap().entries()].map(([path, entry]: [string, proto.PropertyDiff]) => [
      path,
      names.find(([, value]) => value === entry.getKind())?.[0] ?? '?',
    ]),
  );
}

export function urnOf(token: string, name = 'web'): string {
  return `urn:pulumi:dev::fleet::nixos:index:Host$${token}::${name}`;
}

function failureFrom(failure: proto.CheckFailure): { property: string; reason: string } {
  // Pulumi prints the whole value of a property that is named apart.
  assert.equal(failure.getProperty(), '');
  const [property = '', ...reason] = failure.getReason().split(': ');
  return { property, reason: reason.join(': ') };
}
