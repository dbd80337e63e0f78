/** What the state and the diff make of the actions, specialisations and reboots of a deployment. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MachineReading, parseReading } from '../../../../../lib/machine/parse-reading.ts';
import { Reply } from '../../../../../lib/machine/script/reply.ts';
import { checkDeployment } from '../../../../../provider/resources/deployment/check.ts';
import { diffDeployment } from '../../../../../provider/resources/deployment/diff.ts';
import { deploymentStateFrom, trueInputs } from '../../../../../provider/resources/deployment/state.ts';
import { type DeploymentInputs, deploymentInputs } from '../../../../../schema/deployment.ts';
import { formatFacts } from '../../../../../schema/facts.ts';
import { someFacts } from '../../../../fixtures/facts.ts';

const path = (letter: string) => `/nix/store/${letter.repeat(32)}-nixos-system-web`;
const facts = (changes: Parameters<typeof someFacts>[0]) => formatFacts(someFacts(changes));

function inputs(changes: Partial<DeploymentInputs> = {}): DeploymentInputs {
  return {
    ...deploymentInputs.parse({
      host: 'web',
      connection: { address: 'web' },
      system: path('n'),
      facts: facts({}),
    }),
    ...changes,
  };
}

/** A machine that runs one system and boots another. */
function reading(live: string, next: string, changes: Partial<MachineReading> = {}): MachineReading {
  const read = parseReading(new Reply('web', { stdout: 'machine-id=m\nend=yes\n' }));
  return { ...read, system: path(live), current: path(live), profileSystem: path(next), ...changes };
}

/** The leaves that an `up` shows after a deployment with `before` has left the machine as it is. */
function leaves(before: DeploymentInputs, machine: MachineReading, asked: DeploymentInputs) {
  const recorded = { id: 'm', inputs: before, state: deploymentStateFrom(before, machine) };
  return Object.entries(diffDeployment(recorded, asked).detailed).map(([leaf, { inputDiff }]) =>
    inputDiff === false ? `${leaf} (live)` : leaf,
  );
}

test('boot: nothing more to do where the next boot is that of the system; the live one is as it was', () => {
  const boot = inputs({ action: 'boot' });
  assert.deepEqual(leaves(boot, reading('o', 'n'), boot), []);
  assert.deepEqual(leaves(boot, reading('o', 'o'), boot), ['live.profileSystem (live)']);
  assert.deepEqual(leaves(boot, reading('o', 'n'), { ...boot, system: path('x') }), ['system']);
  assert.equal(trueInputs(boot, reading('o', 'n')), boot);
  assert.equal(trueInputs(boot, reading('o', 'x')).system, path('x'));
  assert.equal(trueInputs(boot, reading('o', 'x')).facts, undefined, 'a system that nobody read');
});

test('boot, then switch: the live system is what changes', () => {
  assert.deepEqual(leaves(inputs({ action: 'boot' }), reading('o', 'n'), inputs()), ['live.system (live)']);
});

test('test leaves the next boot alone; switch sets it', () => {
  const only = inputs({ action: 'test' });
  assert.deepEqual(leaves(only, reading('n', 'o'), only), []);
  assert.deepEqual(leaves(only, reading('n', 'o'), inputs()), ['live.profileSystem (live)']);
  assert.equal(trueInputs(only, reading('o', 'o')).system, path('o'));
});

test('dry-activate: shown once, and the state stays that of the live system', () => {
  const shown = inputs({ action: 'dry-activate' });
  const live = { host: 'web', system: path('o'), revision: 'r', facts: someFacts(), by: 'a@b', at: '' };
  const machine = reading('o', 'o', { record: live });
  assert.deepEqual(leaves(shown, machine, shown), []);
  assert.deepEqual(leaves(shown, machine, inputs()), ['system (live)']);
  const state = deploymentStateFrom(shown, machine);
  assert.equal(state.system, path('o'));
  assert.equal(state.facts, formatFacts(live.facts));
  assert.equal(trueInputs(shown, machine), shown);
});

test('a specialisation is a leaf of its own, and one that was left is drift', () => {
  const night = inputs({ specialisation: 'night' });
  assert.deepEqual(leaves(inputs(), reading('n', 'n'), night), ['specialisation']);
  const machine = reading('n', 'n', { specialisation: 'night', current: path('s') });
  assert.deepEqual(leaves(night, machine, night), []);
  assert.deepEqual(leaves(night, machine, inputs()), ['specialisation']);
  const drift = trueInputs(night, reading('n', 'n'));
  assert.equal(drift.specialisation, undefined);
  assert.equal(drift.facts, night.facts, 'the system, and with it its facts, is the same');
});

test('a specialisation that the system lacks is named, with those that there are', () => {
  const asked = { facts: facts({ specialisations: { night: true, day: true } }), specialisation: 'noon' };
  assert.match(
    checkDeployment(inputs(asked)).specialisation ?? '',
    /no specialisation noon; there are: night, day/,
  );
  assert.deepEqual(checkDeployment(inputs({ ...asked, specialisation: 'day' })), {});
});

test('another profile is a change', () => {
  assert.deepEqual(leaves(inputs(), reading('n', 'n'), inputs({ profile: 'canary' })), ['profile']);
});

test('a reboot that is due is a change only where reboots are allowed', () => {
  const machine = reading('n', 'n', { rebootDue: true });
  assert.deepEqual(leaves(inputs(), machine, inputs()), []);
  assert.deepEqual(leaves(inputs(), machine, inputs({ reboot: 'when-needed' })), ['live.rebootDue (live)']);
  assert.deepEqual(leaves(inputs(), reading('n', 'n'), inputs({ reboot: 'always' })), []);
  assert.deepEqual(leaves(inputs(), machine, inputs({ reboot: 'always', action: 'test' })), []);
});

test('the notes name the consequences for the running machine', () => {
  const kernel = { ...someFacts().kernel, version: '6.99' };
  const asked = { system: path('x'), facts: facts({ kernel, inhibitors: { dbus: 'broker' } }) };
  const notes = (changes: Partial<DeploymentInputs>) => {
    const before = inputs({ facts: facts({ inhibitors: { dbus: 'dbus' } }) });
    const recorded = { id: 'm', inputs: before, state: deploymentStateFrom(before, reading('n', 'n')) };
    return (diffDeployment(recorded, inputs({ ...asked, ...changes })).notes ?? []).join('\n');
  };
  assert.match(notes({}), /^reboot due after this: kernel .*→ 6\.99\nthe switch will be refused: .*\(dbus\)/);
  assert.match(
    notes({ reboot: 'when-needed' }),
    /^the machine will be rebooted: kernel .*\nthe machine will be rebooted instead of switched: /,
  );
});
