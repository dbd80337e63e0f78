import type proto from '@pulumi/pulumi/proto/provider_pb.js';
import type { AnyResource, Recorded } from '../resource.ts';
import { type Decoded, decode, type Properties, type Secrets, unknown } from '../wire/wire.ts';

/** What the state has of the resource: from the old inputs and outputs that the engine sends along. */
export function recordedFrom(request: proto.DiffRequest | proto.UpdateRequest): {
  value: Recorded<Properties, Properties>;
  secrets: Secrets;
} {
  const state: Decoded = decode(request.getOlds());
  const inputs: Decoded = decode(request.getOldInputs());
  return {
    value: { id: request.getId(), inputs: inputs.properties, state: state.properties },
    secrets: state.secrets.with(inputs.secrets),
  };
}

/** Marks the outputs that are always secret. */
export function markOutputs({ secretOutputs = [] }: AnyResource, state: Properties, secrets: Secrets): void {
  for (const name of secretOutputs) if (state[name] !== undefined) secrets.add([name], state[name]);
}

/** Outputs in a preview: those that the resource knows beforehand, and `unknown` for the rest. */
export function previewOf(
  resource: AnyResource,
  asked: Properties,
  recorded?: Recorded<Properties, Properties>,
): Properties {
  const names = Object.keys((resource.state as { shape?: Properties }).shape ?? {});
  const open = Object.fromEntries(names.map((name) => [name, unknown]));
  return { ...open, ...resource.preview(asked, recorded) };
}
