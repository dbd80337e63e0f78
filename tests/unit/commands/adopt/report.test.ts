import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Adoptable, ReadCandidate } from '../../../../commands/adopt/candidates.ts';
import { describeRefusals, forecast } from '../../../../commands/adopt/report.ts';
import { FleetError } from '../../../../lib/base/errors.ts';
import { hostSettings } from '../../../../program/config/hosts.ts';
import { parseStackConfig } from '../../../../program/config/parse-config.ts';
import type { HostEvaluation } from '../../../../schema/evaluation.ts';

const path = (letter: string) => `/nix/store/${letter.repeat(32)}-nixos-system-web`;
const reading = { system: path('a'), specialisation: '', profileSystem: path('a'), rebootDue: false };
const evaluated = (letter: string) =>
  ({ ok: true, outPath: path(letter) }) as unknown as HostEvaluation<FleetError>;
const shared = { caches: {}, builders: {} };

const shown = (
  settings: object,
  result: HostEvaluation<FleetError> | undefined,
  { now = {}, config = {} }: { now?: object; config?: object } = {},
) => {
  const { web } = hostSettings(parseStackConfig({ hosts: JSON.stringify({ web: settings }) }, 'prod'));
  const candidate = { settings: web, reading: { ...reading, ...now } } as unknown as Adoptable;
  return forecast(candidate, result, { ...shared, ...config });
};

test('a machine that runs what the flake has is not changed', () => {
  assert.equal(shown({}, evaluated('a')), 'changes nothing');
});

test('another system is named with what the action does to it', () => {
  assert.equal(shown({}, evaluated('b')), 'switches it to nixos-system-web (bbbbbbbb)');
  assert.equal(
    shown({ action: 'boot' }, evaluated('b')),
    'makes nixos-system-web (bbbbbbbb) the system of its next boot',
  );
  assert.match(shown({ action: 'dry-activate' }, evaluated('a')), /^shows what/);
});

test('a machine that boots another system than it runs is switched', () => {
  assert.match(shown({}, evaluated('a'), { now: { profileSystem: path('c') } }), /^switches/);
});

test('a reboot that is due, secrets, caches and builders are named', () => {
  const due = { now: { rebootDue: true } };
  assert.equal(shown({}, evaluated('a'), due), 'changes nothing');
  assert.equal(shown({ reboot: 'when-needed' }, evaluated('a'), due), 'reboots it');
  assert.equal(shown({ secrets: { a: { file: 'x' } } }, evaluated('a')), 'writes a secret');
  assert.equal(
    shown({}, evaluated('a'), { config: { caches: { main: {} } } }),
    'writes the caches into its nix.conf',
  );
});

test('a configuration that cannot be evaluated is a reason, and no obstacle', () => {
  const error = new FleetError({ code: 'evaluation-failed', what: 'no such option', host: 'web', why: 'x' });
  assert.equal(shown({}, { ok: false, error }), 'is not known: web: no such option [evaluation-failed]');
});

test('hosts that are one machine are refused with one message', () => {
  const refusal = new FleetError({ code: 'owned-by-other', what: 'the hosts a and b are one machine' });
  const refused = [{ refusal }, { refusal }] as unknown as ReadCandidate[];
  assert.equal(describeRefusals(refused), `${refusal.message}\n`);
});
