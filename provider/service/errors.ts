import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import proto from '@pulumi/pulumi/proto/provider_pb.js';
import statusProto from '@pulumi/pulumi/proto/status_pb.js';
import anyProto from 'google-protobuf/google/protobuf/any_pb.js';
import { describeError, failureOf } from '../../lib/base/failure.ts';
import { PartialFailure, type Properties, type ReadResult } from '../resource.ts';
import { Secrets } from '../wire/secrets.ts';
import { encode } from '../wire/wire.ts';

/** An error, as the cause, with the secrets that its text must not show. */
export class WithSecrets extends Error {
  readonly secrets: Secrets;
  constructor(error: unknown, secrets: Secrets) {
    super('failed', { cause: error });
    this.secrets = secrets;
  }
}

/** A resource that exists but cannot be read now. */
export class UnhealthyRead extends Error {
  readonly found: ReadResult<Properties, Properties>;
  readonly secrets: Secrets;
  constructor(found: ReadResult<Properties, Properties>, secrets: Secrets) {
    super(found.unhealthy);
    this.found = found;
    this.secrets = secrets;
  }
}

/** The text of an error for the user, without secrets. A bug of nixos-fleet brings its stack. */
export function describeRedacted(error: unknown, secrets = new Secrets()): string {
  return secrets.redact(describeError(error instanceof PartialFailure ? error.cause : error));
}

/** The gRPC form of an error. */
export function toServiceError(error: unknown, secrets = new Secrets()): Partial<ServiceError> {
  if (error instanceof WithSecrets) return toServiceError(error.cause, error.secrets);
  if (error instanceof UnhealthyRead) {
    const { id, state, inputs, unhealthy } = error.found;
    const reason = error.secrets.redact(unhealthy ?? error.message);
    return initFailed({ id, state, inputs, reason, secrets: error.secrets });
  }
  if (error instanceof PartialFailure) {
    const { id, state } = error;
    return initFailed({ id, state: state as Properties, reason: describeRedacted(error, secrets), secrets });
  }
  const details = describeRedacted(error, secrets);
  const failed = failureOf(error);
  if (!failed) return { code: status.INTERNAL, details };
  // Codes the engine takes for a known outcome: no "pending operation" stays in the state.
  return {
    code: failed.code === 'cancelled' ? status.CANCELLED : status.FAILED_PRECONDITION,
    details,
  };
}

/** Tells the engine that a resource exists but is not well: it records the properties and updates it the next time. */
function initFailed(failure: {
  id: string;
  state: Properties;
  inputs?: Properties;
  reason: string;
  secrets: Secrets;
}): Partial<ServiceError> {
  const detail = new proto.ErrorResourceInitFailed();
  detail.setId(failure.id);
  detail.setProperties(encode(failure.state, failure.secrets));
  if (failure.inputs) detail.setInputs(encode(failure.inputs, failure.secrets));
  detail.setReasonsList([failure.reason]);

  const any = new anyProto.Any();
  any.pack(detail.serializeBinary(), 'pulumirpc.ErrorResourceInitFailed');
  const rpcStatus = new statusProto.Status();
  rpcStatus.setCode(status.UNKNOWN);
  rpcStatus.setMessage(failure.reason);
  rpcStatus.addDetails(any);

  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(rpcStatus.serializeBinary()));
  return { code: status.UNKNOWN, details: failure.reason, metadata };
}
