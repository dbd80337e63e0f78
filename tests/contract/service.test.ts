import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { type Metadata, type ServiceError, status } from '@grpc/grpc-js';
import plugin from '@pulumi/pulumi/proto/plugin_pb.js';
import proto from '@pulumi/pulumi/proto/provider_pb.js';
import statusProto from '@pulumi/pulumi/proto/status_pb.js';
import sdk from '@pulumi/pulumi/runtime/rpc.js';
import { FleetError } from '../../lib/base/errors.ts';
import { PartialFailure } from '../../provider/resource.ts';
import { FailureHold } from '../../provider/service/failure-hold.ts';
import { Operations } from '../../provider/service/operations.ts';
import { FakeEngine, ProviderClient, plain, urnOf } from './provider-process.ts';
import { Puppet, servePuppets } from './puppet.ts';

const graceMilliseconds = 200;
const urn = urnOf('nixos:index:Puppet');
const secretOf = (value: string) => ({ [sdk.specialSigKey]: sdk.specialSecretSig, value });

async function setUp() {
  const puppet = new Puppet('nixos:index:Puppet');
  const engine = new FakeEngine();
  await engine.start();
  const operations = new Operations(new FailureHold(graceMilliseconds));
  const server = await servePuppets([puppet], { engineAddress: engine.address, operations });
  const client = new ProviderClient(server.port);
  const end = () => {
    client.client.close();
    server.stop();
    engine.stop();
  };
  return { puppet, engine, client, end };
}

let set: Awaited<ReturnType<typeof setUp>>;
before(async () => {
  set = await setUp();
});
after(() => set.end());

async function failureOf(promise: Promise<unknown>): Promise<ServiceError> {
  try {
    await promise;
  } catch (error) {
    return error as ServiceError;
  }
  return assert.fail('it did not fail');
}

function initFailure(error: ServiceError): proto.ErrorResourceInitFailed {
  const [bytes] = (error.metadata as Metadata).get('grpc-status-details-bin');
  const [any] = statusProto.Status.deserializeBinary(bytes as Buffer).getDetailsList();
  return proto.ErrorResourceInitFailed.deserializeBinary(any?.getValue_asU8() as Uint8Array);
}

test('a partial failure arrives with its state', async () => {
  const big = Object.fromEntries(
    Array.from({ length: 500 }, (_, index) => [`unit-${index}.service`, 'enabled 0123456789abcdef']),
  );
  set.puppet.create = async (inputs) => {
    throw new PartialFailure(
      'web',
      { ...inputs, live: 'old' },
      new FleetError({ code: 'units-failed', what: 'units failed' }),
    );
  };
  const error = await failureOf(set.client.create(urn, { host: 'web', big }));
  assert.equal(error.code, status.UNKNOWN);
  const failure = initFailure(error);
  assert.equal(failure.getId(), 'web');
  assert.match(failure.getReasonsList()[0] ?? '', /units failed \[units-failed\]/);
  assert.deepEqual(plain(failure.getProperties()), { host: 'web', big, live: 'old' });
});

test('a machine that cannot be read keeps its recorded state', async () => {
  const recorded = { inputs: { host: 'web' }, state: { host: 'web', live: 'old' } };
  set.puppet.read = async (id) => ({ id, ...recorded, unhealthy: 'web: cannot connect [unreachable]' });
  const failure = initFailure(await failureOf(set.client.read(urn, 'web', recorded)));
  assert.equal(failure.getId(), 'web');
  assert.deepEqual(plain(failure.getProperties()), recorded.state);
  assert.deepEqual(plain(failure.getInputs()), recorded.inputs);
  assert.deepEqual(failure.getReasonsList(), ['web: cannot connect [unreachable]']);
});

test('a deleted resource has an empty ID; an import has no recorded state', async () => {
  let previous: unknown = 'nothing yet';
  set.puppet.read = async (_id, recorded) => {
    previous = recorded;
    return undefined;
  };
  assert.equal((await set.client.read(urn, 'web')).id, '');
  assert.equal(previous, undefined);
});

test('an import returns inputs', async () => {
  set.puppet.read = async (id) => ({ id, inputs: { host: 'web' }, state: { host: 'web', live: 'x' } });
  assert.deepEqual(await set.client.read(urn, 'web'), {
    id: 'web',
    inputs: { host: 'web' },
    state: { host: 'web', live: 'x' },
  });
});

test('outputs that come from a secret input are secret, and it is hidden in lines and errors', async () => {
  set.puppet.create = async (inputs, context) => {
    context.status(`using ${inputs.host}`);
    context.log('info', `used ${inputs.host}`);
    return { id: 'x', state: { ...inputs, live: `live on ${inputs.host}` } };
  };
  const { state } = await set.client.create(urn, { host: secretOf('hunter2') });
  assert.deepEqual(state, { host: secretOf('hunter2'), live: secretOf('live on hunter2') });
  const lines = set.engine.shown.splice(0).map((line) => line.message);
  assert.deepEqual(lines, ['using [secret]', 'used [secret]', '']);

  set.puppet.create = async (inputs) => {
    throw new FleetError({ code: 'unreachable', what: `cannot reach ${inputs.host}` });
  };
  const error = await failureOf(set.client.create(urn, { host: secretOf('hunter2') }));
  assert.equal(error.code, status.FAILED_PRECONDITION);
  assert.match(error.details, /cannot reach \[secret\]/);
});

test('a secret of the recorded state stays a secret in the next state', async () => {
  set.puppet.update = async (recorded, inputs) => ({ ...inputs, live: recorded.state.live });
  const old = { id: 'x', inputs: { host: 'web' }, state: { host: 'web', live: secretOf('made-up-token') } };
  const state = await set.client.update(urn, old, { host: 'web2' });
  assert.deepEqual(state, { host: 'web2', live: secretOf('made-up-token') });
});

test('a bug is reported as one, with its stack', async () => {
  set.puppet.create = async () => {
    throw new TypeError('no such thing');
  };
  const error = await failureOf(set.client.create(urn, { host: 'web' }));
  assert.equal(error.code, status.INTERNAL);
  assert.match(error.details, /please report(.|\n)*TypeError: no such thing\n +at /);
});

test('an operating system error is not a bug: it is reported with its path and a fix', async () => {
  set.puppet.create = async () => {
    await mkdir('/dev/null/cache');
    return { id: 'x', state: {} };
  };
  const error = await failureOf(set.client.create(urn, { host: 'web' }));
  assert.equal(error.code, status.FAILED_PRECONDITION);
  assert.match(error.details, /^cannot create the folder \/dev\/null\/cache \[system-failed\]\n.*\n {2}fix:/);
});

test('notes of a diff go to the diagnostics before the response', async () => {
  set.puppet.diff = () => ({ changes: true, detailed: {}, notes: ['a reboot is due'] });
  await set.client.diff(urn, { inputs: { host: 'web' }, state: { host: 'web' } }, { host: 'web' });
  assert.deepEqual(set.engine.shown.splice(0), [
    { urn, message: 'a reboot is due', severity: 1, ephemeral: false, streamid: 0 },
  ]);
});

test('fast status lines are throttled, and the last one is cleared at the end', async () => {
  set.puppet.create = async (inputs, context) => {
    for (let step = 1; step <= 500; step++) context.status(`step ${step}`);
    context.log('info', 'done');
    return { id: 'x', state: inputs };
  };
  await set.client.create(urn, { host: 'web' });
  const lines = set.engine.shown.splice(0).map(({ message, ephemeral }) => [message, ephemeral]);
  assert.deepEqual(lines, [
    ['step 1', true],
    ['done', false],
    ['', true],
  ]);
});

test('a failed machine stops no other: its failure is shown at once and returned last', async () => {
  const answers: string[] = [];
  const others = Promise.withResolvers<void>();
  const failing = Promise.withResolvers<void>();
  set.puppet.create = async (inputs) => {
    if (inputs.host === 'bad') {
      failing.resolve();
      throw new FleetError({ code: 'build-failed', what: 'no luck', host: 'bad' });
    }
    await others.promise;
    return { id: 'x', state: inputs };
  };
  const recordAs = (name: string) => () => void answers.push(name);
  const good = set.client
    .create(urnOf('nixos:index:Puppet', 'good'), { host: 'good' })
    .then(recordAs('good'));
  const bad = set.client.create(urnOf('nixos:index:Puppet', 'bad'), { host: 'bad' }).catch(recordAs('bad'));
  await failing.promise;
  others.resolve();
  await good;
  // The program now declares the next step of the good machine.
  const next = set.client
    .create(urnOf('nixos:index:Puppet', 'next'), { host: 'next' })
    .then(recordAs('next'));
  await Promise.all([next, bad]);
  assert.deepEqual(answers, ['good', 'next', 'bad']);
  const [line] = set.engine.shown.splice(0);
  assert.equal(line?.severity, 2);
  assert.match(line?.message ?? '', /^bad: no luck \[build-failed\] \(other machines go on/);
});

test('eight failures at once are all reported, with nothing else running', async () => {
  set.puppet.create = async () => {
    throw new FleetError({ code: 'build-failed', what: 'no luck' });
  };
  const errors = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      failureOf(set.client.create(urnOf('nixos:index:Puppet', `${index}`), { host: 'web' })),
    ),
  );
  assert.equal(errors.length, 8);
  set.engine.shown.splice(0);
});

test('a cancel aborts what runs, and returns at once', async () => {
  const own = await setUp();
  try {
    const started = Promise.withResolvers<void>();
    own.puppet.create = (_inputs, context) =>
      new Promise((_, reject) => {
        started.resolve();
        context.signal.addEventListener('abort', () =>
          reject(new FleetError({ code: 'cancelled', what: 'the build was cancelled' })),
        );
      });
    const running = failureOf(own.client.create(urn, { host: 'web' }));
    await started.promise;
    await own.client.cancel();
    const error = await running;
    assert.equal(error.code, status.CANCELLED);
    assert.match(error.details, /was cancelled/);

    // A provider that was started by hand serves the next run after a new attach.
    const attach = new plugin.PluginAttach();
    attach.setAddress(own.engine.address);
    await own.client.call('attach', attach);
    own.puppet.create = async (inputs, context) => {
      assert.equal(context.signal.aborted, false);
      return { id: 'x', state: inputs };
    };
    assert.equal((await own.client.create(urn, { host: 'web' })).id, 'x');
  } finally {
    own.end();
  }
});
