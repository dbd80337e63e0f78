import plugin from '@pulumi/pulumi/proto/plugin_pb.js';
import proto from '@pulumi/pulumi/proto/provider_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import { FleetError } from '../../lib/base/errors.ts';
import { parseUrn } from '../../lib/base/urn.ts';
import { presentType } from '../../schema/former-types.ts';
import type { ProviderComponent } from '../component.ts';
import { changesFrom, leafDiff } from '../diff.ts';
import type { AnyFunction } from '../function.ts';
import { manifest, packageVersion } from '../package/manifest.ts';
import { packageSchema } from '../package/schema.ts';
import type { AnyResource } from '../resource.ts';
import { markSecretInputs, markSecretOutputs } from '../wire/secrets.ts';
import { recordedForm } from '../wire/summaries.ts';
import { decode, encode } from '../wire/wire.ts';
import { Calls } from './calls.ts';
import { checkInputs } from './check.ts';
import { parseProviderConfig, providerConfig } from './configuration.ts';
import { EngineLog } from './engine-log.ts';
import { UnhealthyRead } from './errors.ts';
import { checkResponse, diffResponse, recordedFrom } from './messages.ts';
import { Operations } from './operations.ts';
import { previewOf } from './preview.ts';
import { Worker } from './worker.ts';

type Addressed = Pick<proto.CheckRequest, 'getUrn'>;

/** What a provider serves, by token. */
export interface Served {
  resources: ReadonlyMap<string, AnyResource>;
  functions?: ReadonlyMap<string, AnyFunction>;
  components?: ReadonlyMap<string, ProviderComponent>;
}

/** The provider's methods as the engine calls them, each from message to message; errors are thrown as they are. */
export class ProviderService {
  readonly #resources: Served['resources'];
  readonly #served: Served;
  /** URNs of the resources that this run has created. */
  readonly #created = new Set<string>();
  readonly operations: Operations;
  /** Stands for what was checked since the provider was configured. */
  #operation: object = {};
  #engine: EngineLog | undefined;
  #engineAddress = '';
  readonly #worker: Worker;
  readonly #calls: Calls;
  #summarizesNew = true;

  constructor(served: Served, engineAddress?: string, operations = new Operations()) {
    this.#served = served;
    this.#resources = served.resources;
    this.operations = operations;
    this.#worker = new Worker(() => this.#engine, operations);
    this.#calls = new Calls(served, () => this.#engine, operations);
    if (engineAddress) this.#connect(engineAddress);
  }

  async handshake(request: proto.ProviderHandshakeRequest): Promise<proto.ProviderHandshakeResponse> {
    this.#connect(request.getEngineAddress());
    const response = new proto.ProviderHandshakeResponse();
    response.setAcceptSecrets(true);
    response.setAcceptOutputs(true);
    return response;
  }

  /** The engine attaches to a provider started by hand (PULUMI_DEBUG_PROVIDERS). */
  async attach(request: plugin.PluginAttach): Promise<empty.Empty> {
    this.#connect(request.getAddress());
    this.operations.renew();
    this.#worker.renew();
    return new empty.Empty();
  }

  async getPluginInfo(): Promise<plugin.PluginInfo> {
    const response = new plugin.PluginInfo();
    response.setVersion(packageVersion());
    return response;
  }

  async getSchema(request: proto.GetSchemaRequest): Promise<proto.GetSchemaResponse> {
    if (request.getVersion() !== 0)
      throw new FleetError({
        code: 'config-invalid',
        what: `the schema has no version ${request.getVersion()}`,
        fix: 'Ask for version 0.',
      });
    const response = new proto.GetSchemaResponse();
    const schema = packageSchema({
      resources: this.#resources.values(),
      functions: this.#served.functions?.values() ?? [],
      components: this.#served.components?.values() ?? [],
      config: providerConfig,
      manifest: manifest(),
    });
    response.setSchema(JSON.stringify(schema));
    return response;
  }

  async checkConfig(request: proto.CheckRequest): Promise<proto.CheckResponse> {
    const { properties, secrets } = decode(request.getNews());
    const { failures } = parseProviderConfig(properties, process.env);
    return checkResponse({ inputs: properties, failures }, secrets);
  }

  async diffConfig(request: proto.DiffRequest): Promise<proto.DiffResponse> {
    // Recorded and applied, but it never replaces the provider, which would replace every machine.
    const old = decode(request.getOldInputs() ?? request.getOlds()).properties;
    return diffResponse(changesFrom(leafDiff(old, decode(request.getNews()).properties)));
  }

  async configure(request: proto.ConfigureRequest): Promise<proto.ConfigureResponse> {
    const { config } = parseProviderConfig(decode(request.getArgs()).properties, process.env);
    this.#operation = {};
    this.#created.clear();
    this.#worker.renew();
    this.operations.holdFailures = config.onFailure === 'continue';
    this.#summarizesNew = config.newResources === 'summary';
    const response = new proto.ConfigureResponse();
    response.setAcceptsecrets(true);
    // Arguments of components keep their outputs, each with what it depends on.
    response.setAcceptoutputs(true);
    response.setSupportspreview(true);
    return response;
  }

  async check(request: proto.CheckRequest): Promise<proto.CheckResponse> {
    this.operations.seen();
    const { properties, secrets } = decode(request.getNews());
    const resource = this.#resource(request);
    markSecretInputs(resource, properties, secrets);
    const { properties: recorded, summarized } = decode(request.getOlds());
    const isNew = Object.keys(recorded).length === 0;
    const asRecorded = recordedForm(resource, isNew ? this.#summarizesNew : summarized);
    const outcome = checkInputs(resource, properties, isNew ? undefined : recorded, this.#operation);
    if (isNew) this.operations.expect(request.getUrn());
    for (const note of outcome.notes ?? []) this.#worker.report.note(request.getUrn(), secrets.redact(note));
    if (outcome.notes?.length) await this.#engine?.flush();
    if (outcome.failures.length === 0) resource.declared?.(outcome.inputs, this.#worker.report);
    // What was refused may be no value that has a summary.
    const inputs = outcome.failures.length > 0 ? outcome.inputs : asRecorded(outcome.inputs);
    return checkResponse({ ...outcome, inputs }, secrets);
  }

  async diff(request: proto.DiffRequest): Promise<proto.DiffResponse> {
    this.operations.seen();
    const desired = decode(request.getNews());
    const recorded = recordedFrom(request);
    const diff = this.#resource(request).diff(recorded.value, desired.properties);
    for (const note of diff.notes ?? []) {
      this.#worker.report.note(request.getUrn(), desired.secrets.with(recorded.secrets).redact(note));
    }
    if (diff.changes) this.operations.expect(request.getUrn());
    else this.#worker.report.unchanged(request.getUrn(), recorded.value.state);
    await this.#engine?.flush();
    return diffResponse(diff, recorded.summarized);
  }

  async create(request: proto.CreateRequest): Promise<proto.CreateResponse> {
    const resource = this.#resource(request);
    const { properties, secrets, summarized } = decode(request.getProperties());
    const asRecorded = recordedForm(resource, summarized);
    const response = new proto.CreateResponse();
    if (request.getPreview()) {
      await this.#worker.explain(request, secrets, resource, undefined, properties);
      return response.setProperties(encode(asRecorded(previewOf(resource, properties)), secrets));
    }
    this.#created.add(request.getUrn());
    const created = await this.#worker.change(request, secrets, asRecorded, (context) =>
      resource.create(properties, context),
    );
    markSecretOutputs(resource, created.state, secrets);
    response.setId(created.id);
    return response.setProperties(encode(asRecorded(created.state), secrets));
  }

  async update(request: proto.UpdateRequest): Promise<proto.UpdateResponse> {
    const resource = this.#resource(request);
    const desired = decode(request.getNews());
    const asRecorded = recordedForm(resource, desired.summarized);
    const recorded = recordedFrom(request);
    // A property is no secret once the new inputs give it in the clear, but the text of an old secret stays one.
    const secrets = desired.secrets.with(recorded.secrets, false);
    const response = new proto.UpdateResponse();
    if (request.getPreview()) {
      await this.#worker.explain(request, secrets, resource, recorded.value, desired.properties);
      const known = asRecorded(previewOf(resource, desired.properties, recorded.value));
      return response.setProperties(encode(known, secrets));
    }
    const { state } = await this.#worker.change(request, secrets, asRecorded, async (context) => ({
      state: await resource.update(recorded.value, desired.properties, context),
    }));
    markSecretOutputs(resource, state, secrets);
    return response.setProperties(encode(asRecorded(state), secrets));
  }

  async read(request: proto.ReadRequest): Promise<proto.ReadResponse> {
    const resource = this.#resource(request);
    const state = decode(request.getProperties());
    const inputs = decode(request.getInputs());
    const secrets = state.secrets.with(inputs.secrets);
    // An import knows the id alone.
    const isImport =
      Object.keys(inputs.properties).length === 0 && Object.keys(state.properties).length === 0;
    const asRecorded = recordedForm(resource, isImport || inputs.summarized);
    const recorded = isImport ? undefined : { inputs: inputs.properties, state: state.properties };
    const found = await this.#worker.run(request, secrets, (context) =>
      resource.read(request.getId(), recorded, context),
    );
    const response = new proto.ReadResponse();
    if (!found) return response;
    if (isImport) markSecretInputs(resource, found.inputs, secrets);
    markSecretOutputs(resource, found.state, secrets);
    const recording = { ...found, inputs: asRecorded(found.inputs), state: asRecorded(found.state) };
    if (found.unhealthy !== undefined) throw new UnhealthyRead(recording, secrets);
    response.setId(found.id);
    response.setInputs(encode(recording.inputs, secrets));
    response.setProperties(encode(recording.state, secrets));
    return response;
  }

  async delete(request: proto.DeleteRequest): Promise<empty.Empty> {
    const resource = this.#resource(request);
    const state = decode(request.getProperties());
    const inputs = decode(request.getOldInputs());
    const value = { id: request.getId(), inputs: inputs.properties, state: state.properties };
    await this.#worker.run(request, state.secrets.with(inputs.secrets), (context) =>
      resource.delete(value, context, this.#created.has(request.getUrn())),
    );
    return new empty.Empty();
  }

  async invoke(request: proto.InvokeRequest): Promise<proto.InvokeResponse> {
    return await this.#calls.invoke(request);
  }

  async construct(request: proto.ConstructRequest): Promise<proto.ConstructResponse> {
    return await this.#calls.construct(request, this.#engineAddress);
  }

  async cancel(): Promise<empty.Empty> {
    this.operations.cancel();
    return new empty.Empty();
  }

  #connect(address: string): void {
    if (!address) return;
    this.#engine?.close();
    this.#engine = new EngineLog(address);
    this.#engineAddress = address;
  }

  #resource(request: Addressed): AnyResource {
    const { type } = parseUrn(request.getUrn());
    // A refresh and a removal name the type that the state records.
    const resource = this.#resources.get(presentType(type));
    if (resource) return resource;
    throw new FleetError({
      code: 'config-invalid',
      what: `the nixos provider has no resource type '${type}'`,
      fix: `There are: ${[...this.#resources.keys()].join(', ')}`,
    });
  }
}
