import proto from '@pulumi/pulumi/proto/provider_pb.js';
import { presentable } from '../../lib/base/presentable.ts';
import type { DiffResult, Properties, PropertyDiffKind, Recorded } from '../resource.ts';
import type { Secrets } from '../wire/secrets.ts';
import { recordedPath } from '../wire/summaries.ts';
import { decode, encode } from '../wire/wire.ts';
import type { CheckOutcome } from './check.ts';

/** What the state holds of the resource: the old inputs and outputs that the engine sends along. */
export function recordedFrom(request: proto.DiffRequest | proto.UpdateRequest): {
  value: Recorded<Properties, Properties>;
  secrets: Secrets;
  summarized: boolean;
} {
  const state = decode(request.getOlds());
  const inputs = decode(request.getOldInputs());
  return {
    value: { id: request.getId(), inputs: inputs.properties, state: state.properties },
    secrets: state.secrets.with(inputs.secrets),
    summarized: inputs.summarized,
  };
}

export function checkResponse({ inputs, failures }: CheckOutcome, secrets: Secrets): proto.CheckResponse {
  const response = new proto.CheckResponse();
  response.setInputs(encode(inputs, secrets));
  for (const failure of failures) response.addFailures(checkFailure(failure, secrets));
  return response;
}

export function checkFailure(
  { property, reason }: CheckOutcome['failures'][number],
  secrets: Secrets,
): proto.CheckFailure {
  const failure = new proto.CheckFailure();
  // Pulumi prints the value of a property that is named apart, whatever its length: the reason names it.
  failure.setReason(presentable(secrets.redact(property ? `${property}: ${reason}` : reason)));
  return failure;
}

const kinds: Record<PropertyDiffKind, proto.PropertyDiff.Kind> = {
  add: proto.PropertyDiff.Kind.ADD,
  'add-replace': proto.PropertyDiff.Kind.ADD_REPLACE,
  delete: proto.PropertyDiff.Kind.DELETE,
  'delete-replace': proto.PropertyDiff.Kind.DELETE_REPLACE,
  update: proto.PropertyDiff.Kind.UPDATE,
  'update-replace': proto.PropertyDiff.Kind.UPDATE_REPLACE,
};

/** @param summarized whether the recorded inputs are */
export function diffResponse(diff: DiffResult, summarized = false): proto.DiffResponse {
  const response = new proto.DiffResponse();
  response.setChanges(
    diff.changes ? proto.DiffResponse.DiffChanges.DIFF_SOME : proto.DiffResponse.DiffChanges.DIFF_NONE,
  );
  response.setHasdetaileddiff(true);
  response.setDeletebeforereplace(diff.deleteBeforeReplace ?? false);
  const topLevel = new Set<string>();
  for (const [path, { kind, inputDiff }] of Object.entries(diff.changes ? diff.detailed : {})) {
    const entry = new proto.PropertyDiff();
    entry.setKind(kinds[kind]);
    entry.setInputdiff(inputDiff);
    response.getDetaileddiffMap().set(summarized ? recordedPath(path) : path, entry);
    const property = /^[^.[]+/.exec(path)?.[0] ?? path;
    topLevel.add(property);
    if (kind.endsWith('-replace') && !response.getReplacesList().includes(property)) {
      response.addReplaces(property);
    }
  }
  response.setDiffsList([...topLevel]);
  return response;
}
