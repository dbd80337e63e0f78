import { output } from '@pulumi/pulumi/output.js';
import proto from '@pulumi/pulumi/proto/provider_pb.js';
import {
  type Alias,
  type ComponentResourceOptions,
  DependencyProviderResource,
  DependencyResource,
  type ProviderResource,
  rootStackResource,
} from '@pulumi/pulumi/resource.js';
import { deserializeProperty, serializeResourceProperties } from '@pulumi/pulumi/runtime/rpc.js';
import struct from 'google-protobuf/google/protobuf/struct_pb.js';
import { registerForOtherLanguages } from '../../components/component.ts';
import { FleetError } from '../../lib/base/errors.ts';
import { describeError } from '../../lib/base/failure.ts';
import type { ConstructContext, ProviderComponent } from '../component.ts';
import { settle } from '../components/args.ts';
import type { Properties } from '../resource.ts';
import { shapeProblems } from './check.ts';
import { asProgram, deserializeInputs, hookBindingFromProto, waitForRPCs } from './sdk.ts';

/** Members of Pulumi's outputs that its type declarations leave out. */
interface Settling<T> {
  promise(): Promise<T>;
}

/** Declares a component for the engine, with its resources, and waits until these are there. */
export async function construct(
  component: ProviderComponent,
  request: proto.ConstructRequest,
  engineAddress: string,
  context: ConstructContext,
): Promise<proto.ConstructResponse> {
  const work = asProgram(request, engineAddress, async () => {
    const given = await deserializeInputs(request.getInputs(), request.getInputdependenciesMap());
    const settled = (await settle(given)) as Properties;
    const problems = shapeProblems(component.args, settled);
    if (problems.length > 0) throw badArguments(component, request.getName(), problems);
    const declaration = { name: request.getName(), given, settled, options: optionsOf(request) };
    const { resource, outputs, completed } = await component.construct(declaration, context);
    const [response] = await Promise.all([respond(request, resource.urn, outputs), completed]);
    return response;
  });
  return await untilFailure(work, context.signal);
}

registerForOtherLanguages();

/** Called with what no promise of a component's own reports. */
const underWay = new Set<(error: unknown) => void>();

/** What the SDK leaves unhandled fails the components that are under way, as it ends a program; their provider goes on. */
process.on('unhandledRejection', (error) => {
  if (underWay.size === 0) console.error(describeError(error));
  for (const fail of underWay) fail(error);
});

/** The result of the work, unless the engine cancels before, or something fails that no promise reports. */
async function untilFailure<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const failed = Promise.withResolvers<never>();
  const cancelled = () =>
    failed.reject(
      new FleetError({
        code: 'cancelled',
        what: 'the run ended before all resources of the component were there',
        fix: 'See the errors of its resources.',
      }),
    );
  underWay.add(failed.reject);
  signal.addEventListener('abort', cancelled);
  if (signal.aborted) cancelled();
  try {
    return await Promise.race([work, failed.promise]);
  } finally {
    underWay.delete(failed.reject);
    signal.removeEventListener('abort', cancelled);
  }
}

async function respond(
  request: proto.ConstructRequest,
  urn: unknown,
  outputs: Record<string, unknown>,
): Promise<proto.ConstructResponse> {
  const response = new proto.ConstructResponse();
  response.setUrn(await settledOutput<string>(urn));
  const [state, dependencies] = await serializeResourceProperties(
    `construct(${request.getType()}, ${request.getName()})`,
    outputs,
  );
  for (const [key, resources] of dependencies) {
    const urns = new proto.ConstructResponse.PropertyDependencies();
    urns.setUrnsList(await Promise.all([...resources].map((each) => settledOutput<string>(each.urn))));
    response.getStatedependenciesMap().set(key, urns);
  }
  response.setState(struct.Struct.fromJavaScript(state));
  await waitForRPCs();
  return response;
}

function settledOutput<T>(value: unknown): Promise<T> {
  return (output(value) as unknown as Settling<T>).promise();
}

/** The options that the program gave the component. */
function optionsOf(request: proto.ConstructRequest): ComponentResourceOptions {
  const parent = request.getParent();
  const deletedWith = request.getDeletedwith();
  const trigger = request.getReplacementTrigger();
  return {
    parent: parent ? new DependencyResource(parent) : undefined,
    dependsOn: request.getDependenciesList().map((urn) => new DependencyResource(urn)),
    providers: Object.fromEntries(
      request
        .getProvidersMap()
        .getEntryList()
        .map(([name, reference]): [string, ProviderResource] => [
          name,
          new DependencyProviderResource(reference),
        ]),
    ),
    aliases: request.getAliasesList().map(aliasOf),
    protect: request.getProtect(),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    customTimeouts: request.getCustomtimeouts()?.toObject(),
    retainOnDelete: request.getRetainondelete(),
    hooks: hookBindingFromProto(request.getResourceHooks()),
    deletedWith: deletedWith ? new DependencyResource(deletedWith) : undefined,
    replacementTrigger: trigger && deserializeProperty(trigger.toJavaScript(), true),
  };
}

function aliasOf(alias: ReturnType<proto.ConstructRequest['getAliasesList']>[number]): string | Alias {
  const spec = alias.getSpec();
  if (!spec) return alias.getUrn();
  const named = {
    name: spec.getName(),
    type: spec.getType(),
    project: spec.getProject(),
    stack: spec.getStack(),
  };
  const parent = spec.getNoparent() ? rootStackResource : spec.getParenturn() || undefined;
  const given = Object.entries({ ...named, parent }).filter(
    ([, value]) => value !== '' && value !== undefined,
  );
  return Object.fromEntries(given);
}

function badArguments(
  { token }: ProviderComponent,
  name: string,
  problems: readonly { property: string; reason: string }[],
): FleetError {
  return new FleetError({
    code: 'config-invalid',
    what: `the arguments of ${token.split(':').at(-1)} '${name}' are invalid`,
    why: problems.map(({ property, reason }) => `${property}: ${reason}`).join('\n'),
    fix: 'Correct these arguments: see docs/languages.md.',
  });
}
