import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import proto from '@pulumi/pulumi/proto/provider_pb.js';
import statusProto from '@pulumi/pulumi/proto/status_pb.js';
import anyProto from 'google-protobuf/google/protobuf/any_pb.js';
import { FleetError } from '../../lib/base/errors.ts';
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

/** The text of an error for the user. Whatever is no `FleetError` is a bug of nixos-fleet, and brings its stack. */
export function describeError(error: unknown, secrets = new Secrets()): string {
  const shown = error instanceof PartialFailure ? error.cause : error;
  if (shown instanceof FleetError) return secrets.redact(shown.message);
  const stack = shown instanceof Error ? (shown.stack ?? shown.message) : String(shown);
  return secrets.redact(`This is a bug in nixos-fleet: please report it with the lines below.\n${stack}`);
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
    return initFailed({ id, state: state as Properties, reason: describeError(error, secrets), secrets });
  }
  const message = describeError(error, secrets);
  if (!(error instanceof FleetError)) return { code: status.INTERNAL, details: message };
  // Codes the engine takes for a known outcome: no "pending operation" stays in the state.
  return {
    code: error.code === 'cancelled' ? status.CANCELLED : status.FAILED_PRECONDITION,
    details: message,
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
