import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hidesConnections, parseExport } from '../../../../commands/exported-stack.ts';
import { machinesOf } from '../../../../commands/stack-machines.ts';
import { statusReport } from '../../../../commands/status/status-report.ts';
import { FleetError } from '../../../../lib/base/errors.ts';
import { parseReading } from '../../../../lib/machine/parse-reading.ts';
import { parseHistory } from '../../../../lib/machine/record/history.ts';
import { Reply } from '../../../../lib/machine/script/reply.ts';

const path = (letter: string) => `/nix/store/${letter.repeat(32)}-nixos-system-web`;
const resource = (host: string, type = 'Deployment', more = {}) => ({
  urn: `urn:${host}`,
  type: `nixos:index:${type}`,
  inputs: { host, connection: { address: `${host}.example.org` }, system: path('a') },
  outputs: { live: { system: path('a') } },
  ...more,
});
const exported = (...resources: object[]) =>
  parseExport(JSON.stringify({ version: 3, deployment: { resources } }));
const line = (outcome: string, system: string, endedAt: number) =>
  JSON.stringify({
    unit: 'u',
    host: 'web',
    system,
    by: 'ann@laptop',
    revision: '0123456789abcdef',
    previous: path('o'),
    previousGeneration: 1,
    outcome,
    exitCode: 0,
    failedUnits: [],
    wentBack: outcome === 'confirmed' ? 'not-needed' : 'yes',
    rollbackExitCode: null,
    bootId: 'b',
    startedAt: endedAt,
    endedAt,
  });

const off = new FleetError({ code: 'unreachable', what: 'no connection', why: 'Connection refused' });

test('the machines of a stack are its deployments, with the defaults of their connections', () => {
  const machines = machinesOf(
    exported(
      resource('web'),
      resource('db'),
      resource('web', 'System'),
      resource('old', 'Deployment', { delete: true }),
      resource('new', 'Deployment', { outputs: undefined }),
    ),
  );
  assert.deepEqual(
    machines.map(({ host, system }) => [host, system]),
    [
      ['db', path('a')],
      ['new', ''],
      ['web', path('a')],
    ],
  );
  assert.equal(machines[0]?.connection.user, 'root');
  assert.deepEqual(machinesOf(parseExport('{"deployment":{}}')), []);
});

test('a machine whose password is encrypted in the export is found once its secrets are shown', () => {
  const mark = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270' };
  const of = (connection: object) =>
    exported(resource('web', 'Deployment', { inputs: { host: 'web', connection } }));
  const connection = (password: object) => ({ address: 'web', user: 'ops', becomePassword: password });
  assert.equal(hidesConnections(of({ address: 'web' })), false);
  const hidden = { ...mark, ciphertext: 'v1:AAAA' };
  assert.equal(hidesConnections(of(connection(hidden))), true);
  assert.equal(hidesConnections(of(hidden)), true, 'a connection that is secret as a whole');
  const shown = of(connection({ ...mark, plaintext: '"p\\"w"' }));
  assert.equal(hidesConnections(shown), false);
  assert.equal(machinesOf(shown)[0]?.connection.becomePassword, 'p"w');
  const whole = of({ ...mark, plaintext: JSON.stringify({ address: 'web', user: 'ops' }) });
  assert.equal(machinesOf(whole)[0]?.connection.user, 'ops');
});

test('a history is read newest first, without unreadable lines', () => {
  const text = `${line('confirmed', path('a'), 1)}\nnot JSON\n${line('killed', path('b'), 2)}\n`;
  assert.deepEqual(
    parseHistory(text).map(({ outcome }) => outcome),
    ['killed', 'confirmed'],
  );
  assert.deepEqual(parseHistory(''), []);
});

test('the report: live, drift, reboot, unreachable machines, and the last deployments', () => {
  const machine = (host: string, system = path('a')) => {
    const [found] = machinesOf(exported(resource(host)));
    assert.ok(found);
    return { ...found, system };
  };
  const reading = parseReading(
    new Reply('web', {
      stdout: `machine-id=m\nsystem=${path('a')}\nprofile=${path('a')}\ngeneration=7\nsince=1790000000\nend=yes\n`,
    }),
  );
  const report = statusReport([
    { machine: machine('web'), reading, history: parseHistory(line('not-confirmed', path('b'), 1790000000)) },
    { machine: machine('db', path('x')), reading: { ...reading, rebootDue: true }, history: [] },
    { machine: machine('edge'), reading: { ...reading, profileSystem: path('p') }, history: [] },
    { machine: machine('off'), error: off },
  ]);
  const rows = report.split('\n').map((text) => text.split(/ {2,}/));
  const live = 'nixos-system-web (aaaaaaaa)';
  assert.deepEqual(rows[1]?.slice(0, 5), ['web', live, '7', '–', '–']);
  assert.deepEqual(rows[2]?.slice(0, 5), [
    'db',
    live,
    '7',
    'not nixos-system-web (xxxxxxxx), which is recorded',
    'due',
  ]);
  assert.equal(rows[3]?.[3], 'boots nixos-system-web (pppppppp)');
  assert.deepEqual(rows[4], ['off', 'cannot be read: Connection refused [unreachable]']);
  assert.deepEqual(rows[7]?.slice(2), [
    'ann@laptop',
    '0123456789ab',
    'nixos-system-web (bbbbbbbb)',
    'not-confirmed, rolled back: yes',
  ]);
  assert.match(statusReport([]), /no machine/);
});

test('the description of a machine is shown, also where it cannot be read', () => {
  const stack = {
    type: 'pulumi:pulumi:Stack',
    outputs: { machines: { web: { description: 'public website', generation: 1 }, db: { generation: 1 } } },
  };
  const machines = machinesOf(exported(stack, resource('web'), resource('db')));
  const report = statusReport(machines.map((machine) => ({ machine, error: off })));
  const rows = report
    .trimEnd()
    .split('\n')
    .map((text) => text.split(/ {2,}/));
  assert.deepEqual(rows[0]?.slice(0, 3), ['machine', 'description', 'live']);
  assert.deepEqual(rows.slice(1), [
    ['db', '–', 'cannot be read: Connection refused [unreachable]'],
    ['web', 'public website', 'cannot be read: Connection refused [unreachable]'],
  ]);
  const plain = machinesOf(exported(resource('db'))).map((machine) => ({ machine, error: off }));
  assert.doesNotMatch(statusReport(plain), /description/);
});
