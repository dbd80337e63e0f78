/**
 * What Pulumi's SDK does for a provider with components, which its own server keeps to itself: `construct` in
 * @pulumi/pulumi/provider/server.js has the same steps.
 */
import type { Inputs } from '@pulumi/pulumi/output.js';
import type proto from '@pulumi/pulumi/proto/provider_pb.js';
import * as server from '@pulumi/pulumi/provider/server.js';
import type { ResourceHookBinding } from '@pulumi/pulumi/resource.js';
import { setAllConfig } from '@pulumi/pulumi/runtime/config.js';
import * as resources from '@pulumi/pulumi/runtime/resource.js';
import * as settings from '@pulumi/pulumi/runtime/settings.js';
import * as state from '@pulumi/pulumi/runtime/state.js';

/** Parts of the SDK that its type declarations leave out. */
interface Internals {
  withLocalStorage<T>(work: () => Promise<T>): Promise<T>;
  awaitFeatureSupport(): Promise<void>;
  waitForRPCs(): Promise<void>;
  deserializeInputs(
    inputs: ReturnType<proto.ConstructRequest['getInputs']>,
    dependencies: ReturnType<proto.ConstructRequest['getInputdependenciesMap']>,
  ): Promise<Inputs>;
  hookBindingFromProto(
    hooks: ReturnType<proto.ConstructRequest['getResourceHooks']>,
  ): ResourceHookBinding | undefined;
}

const internals = { ...state, ...settings, ...server, ...resources } as unknown as Internals;

export const { waitForRPCs, deserializeInputs, hookBindingFromProto } = internals;

/** Runs work with a program's settings of the SDK, apart from those of other work in this process. */
export function asProgram<T>(
  request: proto.ConstructRequest,
  engineAddress: string,
  work: () => Promise<T>,
): Promise<T> {
  return internals.withLocalStorage(async () => {
    settings.resetOptions(
      request.getProject(),
      request.getStack(),
      request.getParallel(),
      engineAddress,
      request.getMonitorendpoint(),
      request.getDryrun(),
      request.getOrganization(),
    );
    await internals.awaitFeatureSupport();
    setAllConfig(
      Object.fromEntries(request.getConfigMap().getEntryList()),
      request.getConfigsecretkeysList(),
    );
    return await work();
  });
}
