import proto from '@pulumi/pulumi/proto/provider_pb.js';
import { FleetError } from '../../lib/base/errors.ts';
import type { ProviderComponent } from '../component.ts';
import type { AnyFunction, CallContext } from '../function.ts';
import type { Properties } from '../resource.ts';
import { markSecretInputs, type Secrets } from '../wire/secrets.ts';
import { decode, encode } from '../wire/wire.ts';
import { checkInputs } from './check.ts';
import type { EngineLog } from './engine-log.ts';
import { WithSecrets } from './errors.ts';
import { checkFailure } from './messages.ts';
import type { Operations } from './operations.ts';

/** Status lines of what is no resource yet stand beside the stack. */
const stack = '';

/** Runs what programs call: functions and components. */
export class Calls {
  readonly #functions: ReadonlyMap<string, AnyFunction>;
  readonly #components: ReadonlyMap<string, ProviderComponent>;
  readonly #engine: () => EngineLog | undefined;
  readonly #operations: Operations;

  constructor(
    served: {
      functions?: ReadonlyMap<string, AnyFunction>;
      components?: ReadonlyMap<string, ProviderComponent>;
    },
    engine: () => EngineLog | undefined,
    operations: Operations,
  ) {
    this.#functions = served.functions ?? new Map();
    this.#components = served.components ?? new Map();
    this.#engine = engine;
    this.#operations = operations;
  }

  async invoke(request: proto.InvokeRequest): Promise<proto.InvokeResponse> {
    const called = named(this.#functions, request.getTok(), 'function');
    const { properties, secrets } = decode(request.getArgs());
    markSecretInputs({}, properties, secrets);
    const response = new proto.InvokeResponse();
    const { inputs, failures } = checkInputs({ inputs: called.args }, properties);
    for (const failure of failures) response.addFailures(checkFailure(failure, secrets));
    if (failures.length > 0) return response;
    const result: Properties = await this.#run(secrets, (context) => called.call(inputs, context));
    return response.setReturn(encode(result, secrets));
  }

  async construct(request: proto.ConstructRequest, engineAddress: string): Promise<proto.ConstructResponse> {
    const component = named(this.#components, request.getType(), 'component');
    const { secrets } = decode(request.getInputs());
    // The SDK for programs is loaded by the first component alone.
    const { construct } = await import('./construct.ts');
    return await this.#run(secrets, (context) =>
      construct(component, request, engineAddress, { ...context, preview: request.getDryrun() }),
    );
  }

  async #run<T>(secrets: Secrets, work: (context: CallContext) => Promise<T>): Promise<T> {
    const status = (message: string) => this.#engine()?.status(stack, secrets.redact(message));
    try {
      return await this.#operations.run((signal) => work({ signal, status }));
    } catch (error) {
      throw new WithSecrets(error, secrets);
    } finally {
      this.#engine()?.endStatus(stack);
    }
  }
}

function named<T>(all: ReadonlyMap<string, T>, token: string, kind: string): T {
  const found = all.get(token);
  if (found !== undefined) return found;
  throw new FleetError({
    code: 'config-invalid',
    what: `the nixos provider has no ${kind} '${token}'`,
    fix: `There are: ${[...all.keys()].join(', ')}`,
  });
}
