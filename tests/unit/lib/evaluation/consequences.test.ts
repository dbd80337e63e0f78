import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consequences } from '../../../../lib/evaluation/consequences.ts';
import type { HostFacts } from '../../../../schema/facts.ts';
import { someFacts } from '../../../fixtures/facts.ts';

const units = { 'dbus.service': 'enabled 0123456789ab' };
const before: Partial<HostFacts> = {
  nixosLabel: '26.05.20260701.0123456',
  packages: { systemd: '258', jq: '1.7' },
  etc: { 'systemd/system.conf': '0123456789ab' },
  inhibitors: { dbus: 'broker', init: 'systemd' },
  units,
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
  for (const [changes, expected] of cases) assert.deepEqual(of(changes), expected, JSON.stringify(changes));
});

test('a system that cannot be switched to restarts nothing', () => {
  assert.equal(of({ inhibitors: { dbus: 'dbus' }, packages: { systemd: '259' } }).length, 1);
});
