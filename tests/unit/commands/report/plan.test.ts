import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFleetPlan } from '../../../../commands/report/plan.ts';
import { madeUpEvents } from '../../../fixtures/report/made-up-fleet.ts';

const line = (event: object) => JSON.stringify({ at: '2026-11-28T20:00:00.000Z', ...event });
const planned = (machine: string, more: object = {}) =>
  line({
    event: 'machine-planned',
    ...{ machine, operation: 'update', consequences: [], changes: [], closure: [] },
    ...more,
  });

test('the plan of events has equal changes once, and the symbols of kernels', () => {
  const plan = parseFleetPlan(madeUpEvents(20));
  assert.equal(plan.stack, 'prod');
  assert.equal(plan.headline, '16 machines change, 4 machines unchanged, 2 other resources change');
  assert.deepEqual(plan.work, [
    'to build: up to 12 derivations a machine; to copy: 640 paths, about 320 MiB in all',
  ]);
  assert.deepEqual(
    plan.groups.map(({ names, items }) => [names.length, items.map(({ list, text }) => `${list}:${text}`)]),
    [
      [
        16,
        [
          'the switch restarts:nginx',
          'the switch restarts:app',
          'the switch reloads:firewall',
          ':reboot due after this: another kernel',
          'packages:nginx 1.28.0 → 1.28.1',
          'packages:openssl 3.5.1 → 3.5.2',
          'packages:curl 8.16.0 → 8.17.0',
          'packages:+ brotli 1.1.0 (probably)',
          'facts:units["app.service"]',
        ],
      ],
      [1, ['facts:+ firewall.tcp.8443: true']],
    ],
  );
  assert.deepEqual(plan.kernels[0]?.symbols, [
    { symbol: 'KVM', before: 'm', after: 'y' },
    { symbol: 'DEBUG_INFO_BTF', before: '', after: 'y' },
    { symbol: 'BRIDGE_NETFILTER', before: 'm', after: '' },
  ]);
  assert.deepEqual(plan.kernels[0]?.others, ['+ patches.bridge-stp-helper: "bridge.patch 0a1b2c3d"']);
  assert.deepEqual(plan.resources, ['Secret web6-token changes: content']);
  assert.match(plan.inputs ?? '', /^inputs of the flake: nixpkgs of 2026-11-26/);
  assert.deepEqual(
    plan.warnings.map(({ text }) => text.slice(0, 29)),
    ['the flake’s input disko is 11'],
  );
  assert.deepEqual(
    plan.notes.map(({ text }) => text.slice(0, 12)),
    ['wave canary:'],
  );
  assert.match(JSON.stringify(plan.whole), /WORKERS=8/);
});

test('symbols of a whole configuration, values with quotes, and what is no symbol', () => {
  const changes = [
    '~ NET_SCH_FQ: m => y',
    '~ config.LOCALVERSION: "\\"-a\\"" => "\\"-b\\""',
    '~ config.mixed_Case: "y" => "n"',
    '~ version: "6.18.37" => "6.18.40"',
    '… and 3 more changes',
  ];
  const kernel = { type: 'nixos:index:Kernel', name: 'linux' };
  const event = line({ event: 'resource-planned', resource: kernel, operation: 'update', changes });
  const [shown] = parseFleetPlan([planned('web'), event].join('\n')).kernels;
  assert.deepEqual(shown?.symbols, [
    { symbol: 'NET_SCH_FQ', before: 'm', after: 'y' },
    { symbol: 'LOCALVERSION', before: '"-a"', after: '"-b"' },
    { symbol: 'mixed_Case', before: 'y', after: 'n' },
  ]);
  assert.deepEqual(shown?.others, ['~ version: "6.18.37" => "6.18.40"', '… and 3 more changes']);
});

test('events of a newer version and a line that was cut are left out', () => {
  const plan = parseFleetPlan([planned('web'), line({ event: 'from-the-future' }), '{"at":"2026'].join('\n'));
  assert.equal(plan.headline, '1 machine changes');
});

test('errors have their code, reason and fix, and equal ones appear once', () => {
  const failed = (machine: string) => {
    const error = { code: 'unreachable', what: `${machine} does not answer`, why: 'timeout', fix: 'Look.' };
    return line({ event: 'machine-failed', machine, seconds: 1, error });
  };
  const { errors } = parseFleetPlan([failed('web1'), failed('web2')].join('\n'));
  assert.deepEqual(errors, [
    { names: ['web1', 'web2'], text: 'web1 does not answer [unreachable]\ntimeout\nfix: Look.' },
  ]);
});

test('the output of pulumi preview --json is a plan, too', () => {
  const step = (type: string, name: string, op: string) => ({
    op,
    urn: `urn:pulumi:dev::fleet::nixos:index:${type}::${name}`,
    newState: op === 'delete' ? null : { custom: true, inputs: { host: name } },
    oldState: op === 'create' ? null : { custom: true, inputs: { host: name } },
    detailedDiff: op === 'update' ? { content: { kind: 'update' } } : null,
  });
  const steps = [
    step('Deployment', 'new', 'create'),
    step('Deployment', 'gone', 'delete'),
    step('Secret', 'token', 'update'),
  ];
  const diagnostics = [
    { severity: 'error', message: 'web: does not evaluate' },
    { severity: 'info', message: 'inputs of the flake: nixpkgs of 2026-11-26 (2 days)' },
  ];
  const plan = parseFleetPlan(JSON.stringify({ steps, diagnostics }));
  assert.equal(plan.stack, 'dev');
  assert.equal(plan.headline, '1 machine is new, 2 other resources change');
  assert.deepEqual(plan.removed, ['gone']);
  assert.deepEqual(plan.errors, [{ names: [''], text: 'web: does not evaluate' }]);
  assert.equal(plan.inputs, 'inputs of the flake: nixpkgs of 2026-11-26 (2 days)');
});

test('a text that is no plan is refused', () => {
  const refused = (text: string, what: RegExp) =>
    assert.throws(() => parseFleetPlan(text), { code: 'config-invalid', message: what });
  refused('# a summary', /not what pulumi preview --json prints/);
  refused('', /not what pulumi preview --json prints/);
  refused(
    line({ event: 'run-began', format: 1, action: 'up', machines: [], of: 0 }),
    /the plan has no machines/,
  );
});
