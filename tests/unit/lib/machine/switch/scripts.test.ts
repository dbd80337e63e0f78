import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reply } from '../../../../../lib/machine/script/reply.ts';
import { explainRefusedSwitch } from '../../../../../lib/machine/switch/begin.ts';
import { parseProgress } from '../../../../../lib/machine/switch/follow-script.ts';
import { type SwitchParameters, startVariables } from '../../../../../lib/machine/switch/start-script.ts';
import { deploymentSettings } from '../../../../../schema/deployment.ts';

const ownership = { claim: 'c', urn: 'urn:pulumi:dev::fleet::nixos:index:Deployment::here' };
const parameters: SwitchParameters = {
  ...deploymentSettings.parse({}),
  unit: 'nixos-fleet-1',
  host: 'web',
  system: "/nix/store/x-it's $(a) system",
  by: 'ann@laptop',
  token: 't',
  machineId: 'm',
  expectedLive: '',
  ownership,
  activationSeconds: 600,
  confirmSeconds: 120,
};
const record = { host: 'web', system: parameters.system, revision: "'; echo '", by: 'ann@laptop', at: 'now' };

test('the supervisor’s parameters are quoted', () => {
  const variables = startVariables(parameters, record);
  assert.equal(variables.system, parameters.system);
  assert.equal(variables.record, JSON.stringify(record));
  assert.match(String(variables.parameters), /^system='\/nix\/store\/x-it'\\''s \$\(a\) system'$/m);
  assert.deepEqual([variables.mode, variables.hold], ['run', '']);
  const held = startVariables({ ...parameters, via: 'nixos-rebuild' }, record);
  assert.equal(held.mode, 'hold');
  assert.match(String(held.hold), /^hold\(\) \{$/m);
});

test('only a full /nix or /boot is told to collect garbage (fault 57)', () => {
  const fix = (place: string) =>
    explainRefusedSwitch(
      parameters,
      new Reply('web', { stdout: `state=no-room\nplace=${place}\nfree=1\nneed=2\n`, stderr: '' }),
    ).fix ?? '';
  for (const place of ['/nix', '/boot']) assert.match(fix(place), /nix-collect-garbage/);
  for (const place of ['/run', '/var/lib']) assert.doesNotMatch(fix(place), /garbage/);
  assert.match(fix('/run'), /in memory/);
  assert.match(fix('/var/lib'), /du -xh \/var\/lib/);
});

test('each refusal of the start script is its own error', () => {
  const refusal = (stdout: string) =>
    explainRefusedSwitch(parameters, new Reply('web', { stdout, stderr: 'words of systemd' }));
  assert.equal(refusal('state=missing\n').code, 'copy-failed');
  assert.equal(refusal('state=no-room\nplace=/boot\nfree=1\nneed=2\n').code, 'no-room');
  assert.match(
    refusal('state=busy\nunit=nixos-fleet-0\nby=bob@pc\nsince=1790000000\n').why ?? '',
    /nixos-fleet-0, by bob@pc, since 2026/,
  );
  const inhibited = refusal('state=inhibited\nchanged=dbus init \n');
  assert.match(inhibited.why ?? '', /: dbus, init$/);
  assert.equal(refusal('').code, 'command-failed');
  assert.equal(refusal('').why, 'words of systemd');
});

test('progress is parsed, and a reply that was cut off is ignored', () => {
  const bootId = '11111111-1111-1111-1111-111111111111';
  const output = Buffer.from('activating…\n').toString('base64');
  const read = (stdout: string) => parseProgress(new Reply('web', { stdout }));
  const text = `phase=waiting\nunit-state=running\nboot-id=${bootId}\noffset=14\noutput=${output}\n`;
  const end = 'end=yes\n';
  assert.deepEqual(read(text + end), {
    phase: 'waiting',
    state: 'running',
    bootId,
    offset: 14,
    output: 'activating…\n',
    result: undefined,
    unreadable: undefined,
    reading: undefined,
  });
  assert.equal(read(text), undefined);
  assert.equal(read(`${text}result=${Buffer.from('{').toString('base64')}\n${end}`)?.unreadable, '{');
});
