import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Metadata, status } from '@grpc/grpc-js';
import proto from '@pulumi/pulumi/proto/provider_pb.js';
import statusProto from '@pulumi/pulumi/proto/status_pb.js';
import { FleetError } from '../../../../lib/base/errors.ts';
import { PartialFailure } from '../../../../provider/resource.ts';
import { describeRedacted, toServiceError } from '../../../../provider/service/errors.ts';
import { Secrets } from '../../../../provider/wire/secrets.ts';

const mistake = new FleetError({
  code: 'unreachable',
  what: 'cannot connect',
  host: 'web',
  fix: 'Look at it.',
});

test("a user's mistake is reported without a stack, by a code that leaves nothing pending", () => {
  const error = toServiceError(mistake);
  assert.equal(error.code, status.FAILED_PRECONDITION);
  assert.equal(error.details, mistake.message);
  assert.equal(toServiceError(new FleetError({ code: 'cancelled', what: 'x' })).code, status.CANCELLED);
});

test('anything else is a bug, with its stack', () => {
  const error = toServiceError(new TypeError('undefined is not a function'));
  assert.equal(error.code, status.INTERNAL);
  assert.match(error.details ?? '', /please report/);
  assert.match(error.details ?? '', /errors\.test\.ts/);
  assert.match(describeRedacted('just a text'), /please report.*\njust a text/);
});

test('secrets in a message are hidden', () => {
  const secrets = new Secrets();
  secrets.add(['password'], 'hunter2');
  const error = new FleetError({ code: 'command-failed', what: 'it said hunter2' });
  assert.doesNotMatch(toServiceError(error, secrets).details ?? '', /hunter2/);
  assert.doesNotMatch(describeRedacted(new Error('hunter2'), secrets), /hunter2/);
});

test('a partial failure carries id, state and reason for the engine to record', () => {
  const secrets = new Secrets();
  secrets.add(['token'], 'hunter2');
  const error = toServiceError(
    new PartialFailure('web', { system: '/nix/store/x', token: 'hunter2' }, mistake),
    secrets,
  );
  assert.equal(error.code, 2);
  const [bytes] = (error.metadata as Metadata).get('grpc-status-details-bin');
  const rpcStatus = statusProto.Status.deserializeBinary(bytes as Buffer);
  assert.equal(rpcStatus.getCode(), 2);
  const [any] = rpcStatus.getDetailsList();
  assert.equal(any?.getTypeUrl(), 'type.googleapis.com/pulumirpc.ErrorResourceInitFailed');
  const detail = proto.ErrorResourceInitFailed.deserializeBinary(any?.getValue_asU8() as Uint8Array);
  assert.equal(detail.getId(), 'web');
  assert.deepEqual(detail.getReasonsList(), [mistake.message]);
  const state = detail.getProperties()?.toJavaScript();
  assert.equal(state?.system, '/nix/store/x');
  assert.notEqual(state?.token, 'hunter2');
});
