import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseExport } from '../../../../commands/exported-stack.ts';
import { type FleetSources, marksOf, shownFleet } from '../../../../commands/report/fleet.ts';
import { redactErrors, secretsOf } from '../../../../commands/report/live.ts';
import { parseFleetPlan } from '../../../../commands/report/plan.ts';
import { type RecordedHost, recordedFleet } from '../../../../commands/report/recorded-fleet.ts';
import { FleetError } from '../../../../lib/base/errors.ts';
import { parseReading } from '../../../../lib/machine/parse-reading.ts';
import { Reply } from '../../../../lib/machine/script/reply.ts';
import { encrypted, madeUpEvents, madeUpState, madeUpTags } from '../../../fixtures/report/made-up-fleet.ts';

const count = 40;
const shown = (more: Partial<FleetSources> = {}) =>
  shownFleet({
    recorded: recordedFleet(parseExport(madeUpState(count))),
    statuses: undefined,
    tags: madeUpTags(count),
    plan: undefined,
    writtenAt: new Date('2026-11-28T20:00:00Z'),
    ...more,
  });
const path = (letter: string) => `/nix/store/${letter.repeat(32)}-nixos-system-web-26.05`;

test('machines stand in their waves, in the order of the rollout', () => {
  const { stack, project, groups, machines } = shown();
  assert.deepEqual([project, stack, machines.length], ['fleet', 'prod', count]);
  assert.deepEqual(
    groups.map(({ title, notes, machines: members }) => [title, notes.join('; '), members.length]),
    [
      ['wave canary', 'soak 30 min; gate shop; passed 2026-11-20 11:00 UTC', 2],
      ['wave eu', '5 at once; 1 may fail; passed 2026-11-21 11:00 UTC', 18],
      ['wave us', '5 at once; passed 2026-11-22 11:00 UTC', 12],
      ['wave databases', 'together; passed 2026-11-24 11:00 UTC', 4],
      ['wave rest', 'passed 2026-11-22 11:00 UTC', 4],
    ],
  );
});

test('without waves machines stand by their tags, without tags together', () => {
  const recorded = { ...recordedFleet(parseExport(madeUpState(10))), waves: [] };
  const titles = (tags: FleetSources['tags']) => shown({ recorded, tags }).groups.map(({ title }) => title);
  assert.deepEqual(titles({}), ['all']);
  assert.deepEqual(titles({ web1: ['eu', 'web'], db9: ['db'] }), ['without tags', '@db']);
});

test('what is to be noticed of a machine is marked', () => {
  const { machines } = shown({ plan: parseFleetPlan(madeUpEvents(count)) });
  const of = (name: string) => machines.filter((each) => each.name === name).flatMap(marksOf);
  assert.deepEqual(of('canary1'), ['change']);
  assert.deepEqual(of('web5'), ['reboot', 'change']);
  assert.deepEqual(of('web18'), ['failed', 'change']);
  assert.deepEqual(of('web22'), ['drift', 'change']);
  assert.deepEqual(of('build39'), []);
});

test('machines that only the plan has are shown, and those that it removes', () => {
  const lines = [
    '{"at":"2026-11-28T20:00:00.000Z","event":"machine-planned","machine":"new","operation":"create","consequences":[],"changes":[],"closure":[]}',
    '{"at":"2026-11-28T20:00:00.000Z","event":"resource-planned","resource":{"type":"nixos:index:Deployment","name":"build39"},"operation":"delete","changes":[]}',
  ];
  const { machines, groups } = shown({ plan: parseFleetPlan(lines.join('\n')) });
  assert.equal(machines.find(({ name }) => name === 'build39')?.planned?.operation, 'delete');
  assert.equal(machines.find(({ name }) => name === 'new')?.running, undefined);
  assert.equal(groups.at(-1)?.title, 'in no wave');
});

test('drift is what a refresh or a reading found', () => {
  const driftOf = (live: object, inputs = {}) => {
    const resource = {
      urn: 'urn:pulumi:dev::fleet::nixos:index:Deployment::web',
      type: 'nixos:index:Deployment',
      inputs: { host: 'web', connection: { address: 'web' }, system: path('a'), ...inputs },
      outputs: { live: { system: path('a'), profileSystem: path('a'), ...live } },
    };
    const recorded = recordedFleet(parseExport(JSON.stringify({ deployment: { resources: [resource] } })));
    return shown({ recorded }).machines[0]?.drift;
  };
  assert.equal(driftOf({}), '');
  assert.equal(driftOf({ profileSystem: path('b') }), 'boots nixos-system-web-26.05 (bbbbbbbb)');
  assert.equal(
    driftOf({ system: path('b'), profileSystem: path('b') }),
    'not nixos-system-web-26.05 (aaaaaaaa), which is desired',
  );
  assert.equal(driftOf({ system: path('b') }), 'boots nixos-system-web-26.05 (aaaaaaaa)', 'action boot');
});

test('a machine that was read is as the reading says, and the state does not count', () => {
  const reading = parseReading(
    new Reply('web5', {
      stdout: `machine-id=m\nsystem=${path('b')}\nprofile=${path('c')}\ngeneration=7\nkernel=6.18.40\nend=yes\n`,
    }),
  );
  const machine = { host: 'web5', connection: { address: 'web5' } as never, system: path('b') };
  const of = (more: Partial<typeof reading> = {}) => {
    const statuses = [{ machine, reading: { ...reading, ...more }, history: [] }];
    const found = shown({ statuses }).machines.find(({ name }) => name === 'web5');
    assert.ok(found);
    return found;
  };
  const { running, drift, deployments } = of();
  assert.deepEqual(
    [running?.system, running?.next, running?.generation, running?.kernel, drift, deployments],
    [path('b'), path('c'), 7, '6.18.40', 'boots nixos-system-web-26.05 (cccccccc)', []],
  );
  assert.deepEqual(marksOf(of()), ['drift']);
  assert.deepEqual(marksOf(of({ profileSystem: path('b'), rebootDue: true })), ['reboot']);
  const busy = of({ busy: { unit: 'u', by: 'ci@runner', since: '2026-11-28T20:00:00.000Z' } });
  assert.deepEqual([busy.deployedBy, marksOf(busy)], ['ci@runner', ['deploying']]);
});

test('a machine that could not be read has the error, and the rest from the state', () => {
  const machine = { host: 'web5', connection: { address: 'web5' } as never, system: '' };
  const error = new FleetError({
    code: 'unreachable',
    what: 'no connection',
    why: 'refused',
    fix: 'Start it.',
  });
  const { machines, isLive } = shown({ statuses: [{ machine, error }] });
  const found = machines.find(({ name }) => name === 'web5');
  assert.equal(isLive, true);
  assert.deepEqual(found?.unread, {
    code: 'unreachable',
    what: 'no connection',
    why: 'refused',
    fix: 'Start it.',
  });
  assert.deepEqual(found && marksOf(found), ['unread', 'reboot']);
  assert.notEqual(found?.running, undefined);
});

test('the state of an earlier version is read', () => {
  const file = new URL('../../../fixtures/recorded/fleet.json', import.meta.url);
  const { stack, hosts, waves, kernels } = recordedFleet(parseExport(readFileSync(file, 'utf8')));
  assert.equal(stack, 'fleet');
  const brief = ({ name, running, facts, deployments }: RecordedHost) => [
    name,
    running?.kernel,
    facts?.kernel.version,
    deployments[0]?.result,
    deployments[0]?.action,
  ];
  assert.deepEqual(hosts.map(brief), [
    ['db', '6.18.1', '6.18.1', 'confirmed', 'boot'],
    ['web', '6.18.1', '6.18.1', 'confirmed', 'switch'],
  ]);
  assert.deepEqual(
    waves.map(({ name, hosts: members }) => [name, ...members]),
    [
      ['canary', 'web'],
      ['rest', 'db'],
    ],
  );
  assert.deepEqual(kernels[0]?.config, { BLOCK: 'y', KVM: 'm', NR_CPUS: '64' });
});

test('a secret in a shown value leaves that value out, and nothing else', () => {
  const state = JSON.parse(madeUpState(2));
  const [deployment] = state.deployment.resources.filter(
    ({ type }: { type: string }) => type === 'nixos:index:Deployment',
  );
  deployment.outputs.live.kernel = encrypted;
  deployment.inputs.facts = encrypted;
  const [host] = recordedFleet(parseExport(JSON.stringify(state))).hosts;
  assert.equal(host?.running?.kernel, '');
  assert.equal(host?.facts, undefined);
  assert.notEqual(host?.running?.system, '');
  deployment.outputs = encrypted;
  const [other] = recordedFleet(parseExport(JSON.stringify(state))).hosts;
  assert.deepEqual([other?.name, other?.running?.system], [host?.name, undefined]);
});

test('secret values of connections are hidden in the error of a reading', () => {
  const state = (connection: object) =>
    parseExport(
      JSON.stringify({
        deployment: {
          resources: [
            {
              urn: 'urn:pulumi:dev::fleet::nixos:index:Deployment::web',
              type: 'nixos:index:Deployment',
              inputs: { host: 'web', connection },
            },
          ],
        },
      }),
    );
  const mark = (value: unknown) => ({
    ...encrypted,
    ciphertext: undefined,
    plaintext: JSON.stringify(value),
  });
  const jump = { address: 'jump.example.org', port: 2222 };
  const secrets = secretsOf(
    state({ address: encrypted, user: 'root', jump: encrypted }),
    state({ address: mark('web.internal'), user: 'root', jump: mark(jump) }),
  );
  assert.deepEqual(secrets, ['jump.example.org', 'web.internal', '2222']);
  const machine = { host: 'web', connection: {} as never, system: '' };
  const why = 'connect to web.internal port 2222: refused';
  const [status] = redactErrors(
    [{ machine, error: new FleetError({ code: 'unreachable', what: 'no', why }) }],
    secrets,
  );
  assert.ok(status && 'error' in status);
  assert.equal(status.error.why, 'connect to *** port ***: refused');
});
