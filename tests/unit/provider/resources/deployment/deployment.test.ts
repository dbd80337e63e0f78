import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../../../../lib/base/errors.ts';
import type { MachineReading } from '../../../../../lib/machine/parse-reading.ts';
import { deployment } from '../../../../../provider/resources/deployment/deployment.ts';
import { connectionFromId } from '../../../../../provider/resources/deployment/id.ts';
import {
  deploymentStateFrom,
  failedStateFrom,
  trueInputs,
} from '../../../../../provider/resources/deployment/state.ts';
import { unknown } from '../../../../../provider/wire/unknown.ts';
import { type DeploymentInputs, deploymentInputs } from '../../../../../schema/deployment.ts';
import { formatFacts } from '../../../../../schema/facts.ts';
import { someFacts } from '../../../../fixtures/facts.ts';

const path = (letter: string) => `/nix/store/${letter.repeat(32)}-nixos-system-web`;
const machineId = 'f056788d993246d1a465fe1166ff445d';
const inputs: DeploymentInputs = deploymentInputs.parse({
  host: 'web',
  connection: { address: '192.0.2.7', hostKey: 'ssh-ed25519 AAAA' },
  system: path('a'),
  revision: 'one',
  facts: formatFacts(someFacts()),
});
const reading: MachineReading = {
  machineId,
  nixos: true,
  nix: true,
  container: false,
  system: path('a'),
  specialisation: '',
  current: path('a'),
  holds: false,
  booted: path('a'),
  profileSystem: path('a'),
  generation: 3,
  bootId: 'b',
  kernel: '6.18.1',
  since: '2026-07-21T10:15:00.000Z',
  rebootDue: false,
  free: { nix: 1, boot: 1 },
  busy: undefined,
  lastResult: undefined,
  history: '',
  record: undefined,
  owner: undefined,
};
const recorded = { id: machineId, inputs, state: deploymentStateFrom(inputs, reading) };
const paths = (asked: DeploymentInputs, from = recorded) =>
  Object.keys(deployment.diff(from, asked).detailed);

test('the same system at the same place is no change, whatever else is new', () => {
  const asked: DeploymentInputs = {
    ...inputs,
    connection: {
      ...inputs.connection,
      hostKey: 'ssh-ed25519 BBBB',
      identityFile: '/k',
      connectTimeoutSeconds: 3,
    },
    revision: 'two',
    facts: formatFacts(someFacts({ packages: { jq: '9' } })),
    confirmTimeoutSeconds: 60,
    activationTimeoutSeconds: 60,
    unitFailures: 'accept',
    machineId,
  };
  assert.deepEqual(deployment.diff(recorded, asked), { changes: false, detailed: {} });
  assert.deepEqual(deployment.preview(asked, recorded).live, recorded.state.live);
});

test('a new system shows what is new in it, at its leaves', () => {
  const facts = someFacts({ packages: { ...someFacts().packages, tree: '2.0' } });
  const asked = { ...inputs, system: path('b'), facts: formatFacts(facts) };
  const diff = deployment.diff(recorded, asked);
  assert.deepEqual(diff.detailed, {
    system: { kind: 'update', inputDiff: true },
  });
  assert.equal(deployment.preview(asked, recorded).live, undefined);
});

test('another place is an update, and never a replacement', () => {
  const connection = { ...inputs.connection, address: '192.0.2.8', port: 23, user: 'admin' };
  const diff = deployment.diff(recorded, { ...inputs, connection });
  assert.deepEqual(diff.detailed, {
    'connection.address': { kind: 'update', inputDiff: true },
    'connection.user': { kind: 'update', inputDiff: true },
    'connection.port': { kind: 'add', inputDiff: true },
  });
});

test('another machine-id is another machine', () => {
  const kind = (id: unknown) =>
    deployment.diff(recorded, { ...inputs, machineId: id as string }).detailed.machineId?.kind;
  assert.equal(kind('other'), 'update-replace');
  assert.equal(kind(unknown), 'update-replace');
  assert.equal(kind(machineId), undefined);
});

test('a connection that is not known yet is no change by itself', () => {
  assert.deepEqual(paths({ ...inputs, connection: unknown as never }), []);
});

test('a machine that rolled back is deployed to again, and the diff is from what it runs', () => {
  const asked = {
    ...inputs,
    system: path('b'),
    facts: formatFacts(someFacts({ packages: { tree: '2.0' } })),
  };
  const record = {
    host: 'web',
    system: inputs.system,
    revision: '',
    facts: someFacts(),
    by: 'ann@laptop',
    at: '',
  };
  const failed = { id: machineId, inputs: asked, state: failedStateFrom(asked, { ...reading, record }) };
  const { changes, detailed } = deployment.diff(failed, asked);
  assert.equal(changes, true);
  assert.deepEqual(detailed.system, { kind: 'update', inputDiff: false });
});

test('a system that is live but not the one of the next boot is deployed to again', () => {
  const state = deploymentStateFrom(inputs, { ...reading, profileSystem: path('o') });
  assert.deepEqual(deployment.diff({ ...recorded, state }, inputs).detailed, {
    'live.profileSystem': { kind: 'update', inputDiff: false },
  });
});

test('drift: the inputs become those of the live system, with the facts left beside it', () => {
  const facts = someFacts({ packages: { old: '1' } });
  const record = { host: 'web', system: path('o'), revision: 'zero', facts, by: 'ann@laptop', at: 'then' };
  const drifted = { ...reading, system: path('o'), record };
  const now = trueInputs(inputs, drifted);
  assert.equal(now.system, path('o'));
  assert.equal(now.revision, 'zero');
  assert.deepEqual(now.facts, formatFacts(facts));
  assert.ok(
    paths(inputs, { id: machineId, inputs: now, state: deploymentStateFrom(now, drifted) }).includes(
      'system',
    ),
  );
  assert.equal(trueInputs(inputs, { ...drifted, record: undefined }).facts, undefined);
  assert.equal(trueInputs(inputs, reading), inputs);
});

test('a foreign system differs by its path alone, and the preview reports why', () => {
  const foreign = trueInputs(inputs, { ...reading, system: path('f') });
  const state = deploymentStateFrom(foreign, { ...reading, system: path('f'), profileSystem: path('f') });
  const diff = deployment.diff({ id: machineId, inputs: foreign, state }, inputs);
  assert.deepEqual(Object.keys(diff.detailed), ['system']);
  assert.match(diff.notes?.[0] ?? '', /not deployed by nixos-fleet/);
});

test('a new kernel needs a reboot, except in a container', () => {
  const kernel = { ...someFacts().kernel, version: '6.99' };
  const notes = (container: boolean) => {
    const facts = formatFacts({ ...someFacts(), container, kernel });
    return deployment.diff(recorded, { ...inputs, system: path('b'), facts }).notes ?? [];
  };
  assert.deepEqual(notes(false), [
    'reboot due after this: kernel 6.18.1 → 6.99',
    'facts of web:\n  ~ kernel.version: "6.18.37" => "6.99"',
  ]);
  assert.doesNotMatch(notes(true).join('\n'), /reboot/);
});

test('another build of the same version needs a reboot, too, where both builds are known', () => {
  const notes = (build: string) => {
    const facts = formatFacts({ ...someFacts(), kernel: { ...someFacts().kernel, build } });
    return deployment.diff(recorded, { ...inputs, system: path('b'), facts }).notes ?? [];
  };
  assert.match(notes('ba9876543210').join('\n'), /^reboot due after this: kernel 6\.18\.37 is another build/);
  assert.doesNotMatch(notes('').join('\n'), /reboot due/);
});

const ids: [string, Partial<DeploymentInputs['connection']>][] = [
  ['web', { address: 'web', user: 'root', port: undefined }],
  ['admin@192.0.2.7', { address: '192.0.2.7', user: 'admin', port: undefined }],
  ['root@web.example.org:2222', { address: 'web.example.org', port: 2222 }],
  ['root@[2001:db8::7]:2222', { address: '2001:db8::7', port: 2222 }],
  ['ssh://admin@web:2222', { address: 'web', user: 'admin', port: 2222 }],
  ['ssh://root@[2001:db8::7]', { address: '2001:db8::7', port: undefined }],
  [
    'ssh://root@web?identityFile=/a%20b/key&hostKey=ssh-ed25519%20AA+A%2BA%3D&connectTimeoutSeconds=3',
    { address: 'web', identityFile: '/a b/key', hostKey: 'ssh-ed25519 AA+A+A=', connectTimeoutSeconds: 3 },
  ],
  ['local:', { local: true, address: 'localhost' }],
  [
    'ssh://ops@web?become=doas&proxyJump=a@gate:22&proxyJumpHostKey=ssh-ed25519%20AA+A',
    { user: 'ops', become: 'doas', proxyJump: 'a@gate:22', proxyJumpHostKey: 'ssh-ed25519 AA+A' },
  ],
  ['ssh://ops@web?forwardAgent=true&bootstrapUser=install', { forwardAgent: true, bootstrapUser: 'install' }],
];
for (const [id, expected] of ids) {
  test(`import by ${id}`, () => {
    const connection = connectionFromId(id, 'web');
    for (const [key, value] of Object.entries(expected)) {
      assert.equal(connection[key as keyof typeof connection], value);
    }
  });
}

test('an id that names no connection is an error that shows one', () => {
  for (const id of [
    '',
    'root@',
    'a b',
    'root@web:http',
    'ssh://',
    'ssh://web?key=1',
    'root@web:99999',
    'ssh://ops@web?becomePassword=hunter2',
    'ssh://ops@web?become=su',
    '-oProxyCommand=x',
  ]) {
    assert.throws(
      () => connectionFromId(id, 'web'),
      (error) =>
        error instanceof FleetError &&
        error.code === 'config-invalid' &&
        /pulumi import/.test(error.fix ?? ''),
      id,
    );
  }
});
