/** The scripts for machines that change nothing, run by this computer's shell. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parseDisk } from '../../../../lib/images/disk/parse-disk.ts';
import { parseGenerations } from '../../../../lib/machine/generations.ts';
import { ownershipScript } from '../../../../lib/machine/ownership/ownership.ts';
import { parseReading } from '../../../../lib/machine/parse-reading.ts';
import { activationResult } from '../../../../lib/machine/record/result.ts';
import { Reply } from '../../../../lib/machine/script/reply.ts';
import {
  lockScript,
  moduleScript,
  type ScriptData,
  scriptFile,
  scriptText,
} from '../../../../lib/machine/script/text.ts';
import { explainRefusedSwitch } from '../../../../lib/machine/switch/begin.ts';
import { recordScript, recordVariables } from '../../../../lib/machine/switch/record-script.ts';
import {
  type SwitchParameters,
  startScript,
  startVariables,
} from '../../../../lib/machine/switch/start-script.ts';
import { deploymentSettings } from '../../../../schema/deployment.ts';

function run(script: string, data?: ScriptData, shell = 'sh'): Reply {
  const { stdout, stderr, status } = spawnSync(shell, ['-s'], {
    input: scriptText(script, data),
    encoding: 'utf8',
  });
  return new Reply('here', { stdout, stderr, exitCode: status ?? -1 });
}

const nasty = ["a'b", '$(id)', '`id`', '-n', ' x ', '', '\\n\\t\\0', '"', '*', '~', '!x', 'ä€', 'a=b'];

test('a value is returned unchanged from every available shell', () => {
  const shells = ['sh', 'dash', 'bash'].filter((shell) => !spawnSync(shell, ['-c', ':']).error);
  for (const shell of shells) {
    const script = 'for value in "$@"; do say value "$value"; done; say lines "$lines"; say end yes\n';
    const reply = run(script, { variables: { lines: 'one\ntwo' }, args: nasty }, shell);
    assert.deepEqual(reply.list('value'), nasty, shell);
    assert.equal(reply.text('lines'), 'one two', shell);
    assert.equal(reply.isWhole, true, shell);
  }
});

test('a file’s bytes are returned in base64', () => {
  assert.equal(
    run('printf %s "$text" | say64 text\n', { variables: { text: 'a\nb\\ä' } }).decoded('text'),
    'a\nb\\ä',
  );
});

test('a failing script gives its reason and no end=yes', () => {
  const reply = run('fail "no room in $1"\nsay end yes\n', { args: ['/boot'] });
  assert.deepEqual([reply.why(), reply.exitCode, reply.isWhole], ['no room in /boot', 3, false]);
});

test('read-machine.sh reads this computer', () => {
  const script =
    lockScript + ownershipScript + scriptFile('../../../../lib/machine/read-machine.sh', import.meta.url);
  const reply = run(script, { variables: { profile: '/nix/var/nix/profiles/system' } });
  assert.equal(reply.isWhole, true, `${hostname()}: ${reply.why()}`);
  const { bootId, kernel } = parseReading(reply);
  assert.match(bootId, /^[0-9a-f-]{36}$/);
  assert.equal(kernel, spawnSync('uname', ['-r'], { encoding: 'utf8' }).stdout.trim());
});

test('kept-systems.sh reads this computer', () => {
  const reply = run(scriptFile('../../../../lib/machine/kept-systems.sh', import.meta.url));
  assert.equal(reply.isWhole, true, reply.why());
});

test('generations.sh lists a profile from the newest to the oldest, without those whose system is gone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'generations-'));
  try {
    for (const system of ['one', 'two'])
      mkdirSync(join(folder, `${system}/specialisation`), { recursive: true });
    mkdirSync(join(folder, 'two/specialisation/quiet'));
    for (const [number, system] of [
      [2, 'one'],
      [10, 'two'],
      [9, 'gone'],
    ] as const)
      symlinkSync(join(folder, system), join(folder, `system-${number}-link`));
    symlinkSync('system-10-link', join(folder, 'system'));
    const script = scriptFile('../../../../lib/machine/generations.sh', import.meta.url);
    const reply = run(script, {
      variables: { profile: join(folder, 'system'), specialisation: 'quiet' },
    });
    assert.equal(reply.isWhole, true, reply.why());
    assert.deepEqual(
      parseGenerations(reply).map(({ since: _, ...rest }) => rest),
      [
        { number: 10, system: join(folder, 'two'), hasSpecialisation: true },
        { number: 2, system: join(folder, 'one'), hasSpecialisation: false },
      ],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const ownership = { claim: 'c', urn: 'urn:pulumi:dev::fleet::nixos:index:Deployment::here' };
const parameters: SwitchParameters = {
  ...deploymentSettings.parse({}),
  unit: 'nixos-fleet-1',
  host: 'here',
  system: "/nix/store/x-it's $(a) system",
  by: 'ann@laptop',
  token: 't',
  machineId: 'of another machine',
  expectedLive: '',
  ownership,
  activationSeconds: 600,
  confirmSeconds: 120,
};
const record = {
  host: 'here',
  system: parameters.system,
  revision: "'; echo '",
  by: 'ann@laptop',
  at: 'now',
};

test('a switch is refused on another machine before anything is written', () => {
  const reply = run(startScript, { variables: startVariables(parameters, record) });
  assert.equal(reply.exitCode, 3);
  assert.equal(explainRefusedSwitch(parameters, reply).code, 'wrong-machine');
});

test('a record is refused if its system is not in the store', () => {
  const reply = run(ownershipScript + recordScript, { variables: recordVariables(record, ownership) });
  assert.deepEqual([reply.exitCode, reply.text('state')], [3, 'missing']);
  assert.equal(reply.why(), "/nix/store/x-it's $(a) system is not in the machine's store");
});

test('a result is valid JSON, whatever the names of failed units (fault 53)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'result-'));
  const failedUnits = ['a\\x2db.service', 'quote".mount'];
  const variables = {
    unit: 'nixos-fleet-1',
    host: 'here',
    system: '/s',
    by: 'ann@laptop',
    revision: '',
    action: 'switch',
  };
  const more = { activated: '/s', old: '/o', old_generation: 1, units: failedUnits.join('\n'), folder };
  const script = `${moduleScript('result.sh')}
history=$folder/history.jsonl failed=$units
record_result units-failed 4
printf '%s\\n' "$result" | say64 result
say64 history <"$history"
`;
  const reply = run(script, { variables: { ...variables, ...more } });
  const result = reply.json('result', activationResult);
  assert.deepEqual(result?.failedUnits, failedUnits);
  assert.equal(reply.decoded('history'), reply.decoded('result'));
  rmSync(folder, { recursive: true });
});

const disk = (name: string) => scriptFile(`../../../../lib/images/disk/${name}`, import.meta.url);

test('a disk that does not exist is reported by the name in the config', () => {
  const variables = { disk: '/dev/no such', serial: '', wait_seconds: 0 };
  const reply = run(disk('disks.sh') + disk('read-disk.sh'), { variables });
  assert.equal(reply.isWhole, true, reply.why());
  const { found, bootId } = parseDisk(reply, '/dev/no such');
  assert.deepEqual([found.kind, found.device], ['missing', '/dev/no such']);
  assert.ok(bootId);
});

test('of two disks with one serial none is taken for a path that is missing (fault 35)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'blocks-'));
  const add = (name: string, serial: string) => {
    mkdirSync(join(folder, name, 'device'), { recursive: true });
    writeFileSync(join(folder, name, 'serial'), serial);
    writeFileSync(join(folder, name, 'size'), '2048\n');
  };
  add('sdx', 'A1');
  add('sdy', 'B2');
  const script = `${disk('disks.sh')}blocks=${folder}\n${disk('read-disk.sh')}`;
  const read = () => run(script, { variables: { disk: '/dev/gone', serial: 'A1', wait_seconds: 0 } });
  assert.equal(read().text('device'), '/dev/sdx');
  add('sdz', 'A1');
  assert.equal(read().text('kind'), 'missing');
  assert.match(read().list('other').join(), /sdx: serial A1.*sdy: serial B2.*sdz: serial A1/);
  rmSync(folder, { recursive: true });
});

test('an unfinished image is known on its disk alone, not on another one of that name (fault 35)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'blocks-'));
  mkdirSync(join(folder, 'sdx'));
  writeFileSync(join(folder, 'sdx/size'), '2048\n');
  const script = `${disk('disks.sh')}blocks=${folder}
unfinished_file() { echo ${folder}/unfinished; }
echo first >${folder}/sdx/serial
printf '%s\\n' head "$(which_disk sdx)" >${folder}/unfinished
say same "$(unfinished_head sdx)"
echo second >${folder}/sdx/serial
say other "$(unfinished_head sdx)"
`;
  const reply = run(script);
  assert.deepEqual([reply.text('same'), reply.text('other')], ['head', '']);
  rmSync(folder, { recursive: true });
});

test('serials are read from all kernel attributes, each once, without padding', () => {
  const folder = mkdtempSync(join(tmpdir(), 'blocks-'));
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  // virtio has no line end, SCSI has four bytes before the serial, others pad it.
  write('vda/serial', 'second');
  write('sda/device/vpd_pg80', '\0\x80\0\x08  WD-12  ');
  write('sda/device/wwid', 'naa.5000\n');
  write('nvme0n1/device/serial', 'S4EVNX0R1      \n');
  write('nvme0n1/wwid', 'eui.0025\n');
  const script = `${disk('disks.sh')}blocks=${folder}\nfor name in vda sda nvme0n1; do serials $name; done\n`;
  assert.deepEqual(run(script).list('serial'), [...['second', 'WD-12', 'naa.5000', 'S4EVNX0R1', 'eui.0025']]);
  rmSync(folder, { recursive: true });
});

test('inhibitors are compared by the keys that both systems have, however their JSON is laid out (fault 66)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-inhibitors-'));
  const script = scriptFile('../../../../lib/machine/switch/inhibitors.sh', import.meta.url);
  const changed = (old: string | undefined, desired: string | undefined) => {
    for (const [name, json] of Object.entries({ old, desired })) {
      rmSync(join(folder, name), { recursive: true, force: true });
      mkdirSync(join(folder, name));
      if (json !== undefined) writeFileSync(join(folder, name, 'switch-inhibitors'), json);
    }
    const call = 'say changed "$(changed_inhibitors "$1" "$2")"\n';
    return run(script + call, { args: [join(folder, 'old'), join(folder, 'desired')] })
      .text('changed')
      .trim();
  };
  const wide = JSON.stringify({ dbus: 'broker', init: 'a, "b": \\' }, null, 2);
  assert.equal(changed('{}', '{}'), '');
  assert.equal(changed(undefined, '{"dbus":"1"}'), '');
  assert.equal(changed('{"dbus":"1"}', undefined), '');
  assert.equal(changed('{"dbus":"1"}', '{"dbus":"1","new":"1"}'), '');
  assert.equal(changed('{"dbus":"1","gone":"1"}', '{"dbus":"1"}'), '');
  assert.equal(changed(wide, JSON.stringify(JSON.parse(wide))), '');
  assert.equal(changed(wide, '{"dbus":"dbus","init":"b"}'), 'dbus init');
  assert.equal(changed('not JSON', '{"dbus":"1"}'), '');
  rmSync(folder, { recursive: true });
});
