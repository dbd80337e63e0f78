import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { explainRefusal } from '../../../../../lib/machine/switch/begin.ts';
import { followScript, parseProgress } from '../../../../../lib/machine/switch/follow-script.ts';
import { changedInhibitors } from '../../../../../lib/machine/switch/inhibitors.ts';
import { recordScript } from '../../../../../lib/machine/switch/record-script.ts';
import { type Parameters, startScript } from '../../../../../lib/machine/switch/start-script.ts';
import { deploymentSettings } from '../../../../../schema/deployment.ts';

const parameters: Parameters = {
  ...deploymentSettings.parse({}),
  unit: 'nixos-fleet-1',
  host: 'web',
  system: "/nix/store/x-it's $(a) system",
  by: 'ann@laptop',
  token: 't',
  machineId: 'm',
  activationSeconds: 600,
  confirmSeconds: 120,
};
const record = { host: 'web', system: parameters.system, revision: "'; echo '", by: 'ann@laptop', at: 'now' };

test('the scripts are valid shell, whatever their data', () => {
  for (const script of [
    startScript(parameters, record),
    recordScript(record),
    followScript("x'$(y)", { phase: 'starting', offset: 0 }),
  ]) {
    execFileSync('sh', ['-n'], { input: script });
  }
});

test('another machine is refused by the script itself, before it writes anything', () => {
  const script = startScript({ ...parameters, machineId: 'of another machine' }, record);
  assert.throws(
    () => execFileSync('sh', ['-s'], { input: script, encoding: 'utf8', stdio: 'pipe' }),
    (error: { status: number; stdout: string }) => {
      assert.equal(error.status, 3);
      assert.equal(explainRefusal(parameters, error.stdout, '').code, 'wrong-machine');
      return true;
    },
  );
});

test('a system that is not in the store is refused', () => {
  assert.throws(
    () => execFileSync('sh', ['-s'], { input: recordScript(record), encoding: 'utf8', stdio: 'pipe' }),
    { status: 3, stdout: 'state=missing\n' },
  );
});

test('each refusal of the start script is its own error', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const refusal = (stdout: string) => explainRefusal(parameters, stdout, 'words of systemd');
  assert.equal(refusal('state=missing\n').code, 'copy-failed');
  assert.equal(refusal('state=no-room\nplace=/boot\nfree=1\nneed=2\n').code, 'no-room');
  assert.match(
    refusal('state=busy\nunit=nixos-fleet-0\nby=bob@pc\nsince=1790000000\n').why ?? '',
    /nixos-fleet-0, by bob@pc, since 2026/,
  );
  const inhibited = refusal(
    `state=inhibited\nold=${base64('{"dbus":"1","init":"a"}')}\nnew=${base64('{"dbus":"2","init":"a"}')}\n`,
  );
  assert.match(inhibited.why ?? '', /: dbus$/);
  assert.equal(refusal('').code, 'command-failed');
  assert.equal(refusal('').why, 'words of systemd');
});

test('inhibitors that came, went or changed are named', () => {
  assert.deepEqual(changedInhibitors('{"a":"1","b":"2","c":"3"}', '{"a":"1","b":"x","d":"4"}'), [
    'b',
    'c',
    'd',
  ]);
  assert.deepEqual(changedInhibitors('{}', '{}'), []);
  assert.deepEqual(changedInhibitors('not JSON', '{"a":"1"}'), ['a']);
});

test('progress is read, and what is cut off is not', () => {
  const output = Buffer.from('activating…\n').toString('base64');
  const text = `phase=waiting\nactive=yes\nboot-id=b\noffset=14\noutput=${output}\n`;
  assert.deepEqual(parseProgress(text), {
    phase: 'waiting',
    active: true,
    bootId: 'b',
    offset: 14,
    output: 'activating…\n',
    result: undefined,
    unreadable: undefined,
  });
  assert.equal(parseProgress('phase=waiting\n'), undefined);
  assert.equal(parseProgress(`${text}result=${Buffer.from('{').toString('base64')}\n`)?.unreadable, '{');
});
