import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consequences } from '../../../../lib/evaluation/consequences.ts';
import type { HostFacts, Switching } from '../../../../schema/facts.ts';
import { someFacts } from '../../../fixtures/facts.ts';

/** Of a system whose units are known. */
const switching: Switching = {
  release: '26.11',
  systemd: '1',
  systemConf: '1',
  packages: {},
  units: { 'nginx.service': '1', 'dbus.service': '1 reloads' },
  mounts: {},
  swaps: {},
};
const units = { 'dbus.service': 'enabled 0123456789ab' };
const before: Partial<HostFacts> = {
  nixosLabel: '26.05.20260701.0123456',
  packages: { systemd: '258', jq: '1.7' },
  etc: { 'systemd/system.conf': '0123456789ab' },
  inhibitors: { dbus: 'broker', init: 'systemd' },
  units,
  switching,
};
const of = (changes: Partial<HostFacts>, old: Partial<HostFacts> = {}) =>
  consequences(someFacts({ ...before, ...old }), someFacts({ ...before, ...changes }));

test('inhibitors count by the keys that both systems have (fault 66)', () => {
  const refused = (names: string) =>
    `the switch will be refused: switch inhibitors change (${names}); set reboot: when-needed, or action: boot`;
  const cases: [Record<string, string>, string[]][] = [
    [{ dbus: 'broker', init: 'systemd' }, []],
    [{ dbus: 'broker', init: 'systemd', added: '1' }, []],
    [{ dbus: 'broker' }, []],
    [{}, []],
    [{ dbus: 'dbus', added: '1' }, [refused('dbus')]],
    [{ dbus: 'dbus', init: 'other' }, [refused('dbus, init')]],
  ];
  for (const [inhibitors, expected] of cases) assert.deepEqual(of({ inhibitors }), expected);
  assert.deepEqual(of({ inhibitors: { dbus: 'dbus' } }, { inhibitors: {} }), []);
});

test('a switch that re-executes systemd or reloads D-Bus is announced (fault 69)', () => {
  const reexecutes = (why: string) => `the switch re-executes systemd: ${why}`;
  const reloads = 'the switch reloads dbus';
  const dbus = { ...switching.units, 'dbus.service': '2 reloads' };
  const cases: [Partial<Switching>, string[]][] = [
    [{}, []],
    [{ systemConf: '2' }, [reexecutes('system.conf changes')]],
    [{ units: dbus }, [reloads]],
    [
      { systemd: '2' },
      [reexecutes('another build of it'), unknown('changes of units that packages bring (systemd)')],
    ],
  ];
  for (const [changes, expected] of cases)
    assert.deepEqual(of({ switching: { ...switching, ...changes } }), expected, JSON.stringify(changes));
  const updated = of({ packages: { systemd: '259' }, switching: { ...switching, systemd: '2' } });
  assert.equal(updated[0], reexecutes('systemd 258 → 259'));
});

const unknown = (what: string) => `not predicted: ${what}`;

test('of facts of an earlier version, what goes with another nixpkgs and other packages is announced', () => {
  const reexecutes = (why: string) => `the switch re-executes systemd: ${why}`;
  const reloads = (why: string) => `the switch reloads D-Bus: ${why}`;
  const cases: [Partial<HostFacts>, string[]][] = [
    [{}, []],
    [{ etc: { ...before.etc, motd: '1' } }, []],
    [{ etc: { 'systemd/system.conf': 'ba9876543210' } }, [reexecutes('system.conf changes')]],
    [
      { packages: { systemd: '259', jq: '1.7' } },
      [reexecutes('systemd 258 → 259'), reloads('packages change')],
    ],
    [{ packages: { systemd: '258', jq: '1.8' } }, [reloads('packages change')]],
    [{ packages: { systemd: '258', jq: '1.8' }, units: {} }, []],
    [{ nixosLabel: '26.05.20260702.0123457' }, [reexecutes('nixpkgs changes'), reloads('nixpkgs changes')]],
    [{ nixosLabel: '26.05.20260701.0123456-tag' }, []],
  ];
  const recorded = unknown(
    'which units the switch restarts (an earlier version recorded the running system)',
  );
  for (const [changes, expected] of cases)
    assert.deepEqual(of(changes, { switching: undefined }), [...expected, recorded], JSON.stringify(changes));
});

test('what the switch restarts is said in one line, and not where there is no switch', () => {
  const changed = { switching: { ...switching, units: { 'nginx.service': '2' } } };
  const [old, desired] = [someFacts(before), someFacts({ ...before, ...changed })];
  assert.deepEqual(consequences(old, desired), ['the switch restarts nginx; stops dbus']);
  assert.deepEqual(consequences(old, desired, { action: 'boot' }), []);
  assert.deepEqual(consequences(old, desired, { specialisation: 'desk' }), [
    unknown('which units the switch restarts (specialisation desk)'),
  ]);
  assert.deepEqual(of({ switching: { ...switching, release: '20.09' } }), [
    unknown('which units the switch restarts (NixOS 20.09 has other rules)'),
  ]);
});

test('a system that cannot be switched to restarts nothing', () => {
  assert.equal(of({ inhibitors: { dbus: 'dbus' }, packages: { systemd: '259' } }).length, 1);
});
