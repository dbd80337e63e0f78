import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Prediction,
  predictSwitch,
  type UnitChanges,
} from '../../../../../lib/evaluation/prediction/predict.ts';
import { readFstab } from '../../../../../lib/evaluation/prediction/switching.ts';
import { formatUnitFact } from '../../../../../lib/evaluation/prediction/unit-fact.ts';
import { unitFacts } from '../../../../../lib/evaluation/prediction/units-at-boot.ts';
import type { RawUnit } from '../../../../../lib/evaluation/raw-facts.ts';
import type { Switching } from '../../../../../schema/facts.ts';

type Unit = Partial<RawUnit> & { text: string };
type Units = Record<string, Unit>;

const boot = ['multi-user.target'];
const service = (text = '', wantedBy = boot): Unit => ({ text: `[Service]\nExecStart=a\n${text}`, wantedBy });

function system(units: Units, rest: Partial<Switching> = {}, user: Units = {}): Switching {
  const facts = (scope: 'system' | 'user', given: Units) =>
    unitFacts(
      Object.fromEntries(
        Object.entries(given).map(([name, unit]) => [
          name,
          { enable: true, texts: [], wantedBy: [], requiredBy: [], upheldBy: [], aliases: [], ...unit },
        ]),
      ),
      { scope, defaultTarget: 'multi-user.target', container: false },
    );
  return {
    release: '26.11',
    systemd: 's',
    systemConf: 'c',
    packages: {},
    units: Object.fromEntries([
      ...[...facts('system', units)].map(([name, fact]) => [name, formatUnitFact(fact)]),
      ...[...facts('user', user)].map(([name, fact]) => [`user/${name}`, formatUnitFact(fact)]),
    ]),
    mounts: {},
    swaps: {},
    ...rest,
  };
}

type Expected = Partial<UnitChanges> & { ifActive?: Partial<UnitChanges> };

/** Only the parts that are not empty. */
function whole({ ifActive, ...changes }: UnitChanges & { ifActive: UnitChanges }): Expected {
  const some = (of: UnitChanges) =>
    Object.fromEntries(Object.entries(of).filter(([, names]) => names.length > 0));
  return {
    ...some(changes),
    ...(Object.keys(some(ifActive)).length > 0 ? { ifActive: some(ifActive) } : {}),
  };
}

function predicted(old: Switching, desired: Switching): Prediction {
  const prediction = predictSwitch(old, desired);
  assert.ok(prediction);
  return prediction;
}

function assertUnits(cases: Record<string, [old: Units, desired: Units, expected: Expected]>): void {
  for (const [title, [old, desired, expected]] of Object.entries(cases))
    assert.deepEqual(whole(predicted(system(old), system(desired)).system), expected, title);
}

test('services restart when what systemd runs changes, and not for texts about them', () => {
  const changed = (before: string, after: string): [Units, Units] => [
    { 'a.service': service(before) },
    { 'a.service': service(after) },
  ];
  assertUnits({
    same: [...changed('User=a\n', 'User=a\n'), {}],
    'another order': [...changed('User=a\nGroup=b\n', 'Group=b\nUser=a\n'), {}],
    'a value': [...changed('User=a\n', 'User=b\n'), { restarts: ['a.service'] }],
    'a key more': [...changed('', 'User=b\n'), { restarts: ['a.service'] }],
    'a key less': [...changed('User=b\n', ''), { restarts: ['a.service'] }],
    'a value that is removed again': [...changed('User=a\n', 'User=b\nUser=\nUser=a\n'), {}],
    'a section': [...changed('', '[X]\nA=1\n'), { restarts: ['a.service'] }],
    'store paths': [...changed('A=/nix/store/1-x\n', 'A=/nix/store/2-x\n'), { restarts: ['a.service'] }],
    description: [...changed('[Unit]\nDescription=a\n', '[Unit]\nDescription=b\nOnFailure=x.service\n'), {}],
    'no more [Unit]': [...changed('[Unit]\nDescription=a\n', ''), {}],
    'an [Install] section': [...changed('', '[Install]\nWantedBy=x\n'), {}],
    'restart triggers': [
      ...changed('[Unit]\nX-Restart-Triggers=/1\n', '[Unit]\nX-Restart-Triggers=/2\n'),
      { restarts: ['a.service'] },
    ],
    'reload triggers': [
      ...changed('[Unit]\nX-Reload-Triggers=/1\n', '[Unit]\nX-Reload-Triggers=/2\n'),
      { reloads: ['a.service'] },
    ],
    'new reload triggers': [...changed('', '[Unit]\nX-Reload-Triggers=/2\n'), { reloads: ['a.service'] }],
    'no more reload triggers': [...changed('[Unit]\nX-Reload-Triggers=/2\n', ''), {}],
    'reload triggers and more': [
      ...changed('[Unit]\nX-Reload-Triggers=/1\n', 'User=a\n[Unit]\nX-Reload-Triggers=/2\n'),
      { restarts: ['a.service'] },
    ],
    'a new ExecReload': [...changed('', 'ExecReload=b\n'), { reloads: ['a.service'] }],
    'no more ExecReload': [...changed('ExecReload=b\n', ''), {}],
  });
});

test('a service decides how it takes a change', () => {
  const changed = (text: string): [Units, Units] => [
    { 'a.service': service() },
    { 'a.service': service(`User=b\n${text}`) },
  ];
  assertUnits({
    reloadIfChanged: [...changed('X-ReloadIfChanged=true\n'), { reloads: ['a.service'] }],
    'restartIfChanged = false': [...changed('X-RestartIfChanged=false\n'), { keeps: ['a.service'] }],
    RefuseManualStop: [...changed('[Unit]\nRefuseManualStop=yes\n'), { keeps: ['a.service'] }],
    'X-OnlyManualStart': [...changed('[Unit]\nX-OnlyManualStart=true\n'), { keeps: ['a.service'] }],
    'stopIfChanged = false': [...changed('X-StopIfChanged=false\n'), { restarts: ['a.service'] }],
    'last value wins': [
      ...changed('X-RestartIfChanged=false\nX-RestartIfChanged=true\n'),
      { restarts: ['a.service'] },
    ],
  });
});

test('units that come, go and are masked', () => {
  const a = { 'a.service': service() };
  assertUnits({
    new: [{}, a, { starts: ['a.service'] }],
    'new, for use on demand': [{}, { 'a.service': service('', []) }, {}],
    gone: [a, {}, { stops: ['a.service'] }],
    masked: [a, { 'a.service': { ...service(), enable: false } }, { stops: ['a.service'] }],
    'gone, with X-StopOnRemoval=false': [{ 'a.service': service('[Unit]\nX-StopOnRemoval=false\n') }, {}, {}],
    'gone, on demand': [{ 'a.service': service('', []) }, {}, { ifActive: { stops: ['a.service'] } }],
    'wanted now': [{ 'a.service': service('', []) }, a, { ifActive: { starts: ['a.service'] } }],
    'no longer wanted': [a, { 'a.service': service('', []) }, {}],
    'by way of another': [
      {},
      { 'a.service': service(), 'b.service': service('', ['a.service']) },
      { starts: ['a.service', 'b.service'] },
    ],
    'by Wants=': [
      {},
      { 'a.service': service('[Unit]\nWants=b.service\n'), 'b.service': service('', []) },
      { starts: ['a.service', 'b.service'] },
    ],
  });
});

test('a unit that may not be active is named where active', () => {
  const changed = (text: string, wantedBy = boot): [Units, Units] => [
    { 'a.service': service(text, wantedBy) },
    { 'a.service': service(`${text}User=b\n`, wantedBy) },
  ];
  const maybe = { ifActive: { restarts: ['a.service'] } };
  assertUnits({
    'on demand': [...changed('', []), maybe],
    'with a condition': [...changed('[Unit]\nConditionPathExists=/a\n[Service]\n'), maybe],
    'with capabilities': [
      ...changed('[Unit]\nConditionCapability=CAP_NET_ADMIN\n[Service]\n'),
      { restarts: ['a.service'] },
    ],
    'a oneshot is started by each switch': [...changed('Type=oneshot\n'), { starts: ['a.service'] }],
    'a oneshot that remains': [
      ...changed('Type=oneshot\nRemainAfterExit=true\n'),
      { restarts: ['a.service'] },
    ],
    'of a package, of which the text holds no command': [
      { 'a.service': { text: '[Service]\nUser=a\n', wantedBy: boot } },
      { 'a.service': { text: '[Service]\nUser=b\n', wantedBy: boot } },
      maybe,
    ],
    'of systemd': [
      {
        'systemd-journald.service': {
          text: '[Unit]\nX-Restart-Triggers=1\n[Service]\nX-StopIfChanged=false\n',
        },
      },
      {
        'systemd-journald.service': {
          text: '[Unit]\nX-Restart-Triggers=2\n[Service]\nX-StopIfChanged=false\n',
        },
      },
      { restarts: ['systemd-journald.service'] },
    ],
  });
});

test('a service with sockets', () => {
  const socket = { 'a.socket': { text: '[Socket]\nListenStream=1\n', wantedBy: ['sockets.target'] } };
  const at = (text: string, wantedBy: string[] = []) => ({ ...socket, 'a.service': service(text, wantedBy) });
  assertUnits({
    'stops until it is needed, and its socket restarts': [
      at(''),
      at('User=b\n'),
      { ifActive: { restarts: ['a.socket'], stops: ['a.service'] } },
    ],
    'restarts if it is wanted': [at('', boot), at('User=b\n', boot), { restarts: ['a.socket', 'a.service'] }],
    'X-NotSocketActivated': [
      at('X-NotSocketActivated=true\n'),
      at('X-NotSocketActivated=true\nUser=b\n'),
      { ifActive: { restarts: ['a.socket', 'a.service'] } },
    ],
    'X-StopIfChanged=false': [
      at('X-StopIfChanged=false\n'),
      at('X-StopIfChanged=false\nUser=b\n'),
      { ifActive: { restarts: ['a.service'] } },
    ],
    'another socket': [
      { 'b.socket': socket['a.socket'], 'a.service': service('Sockets=b.socket\n', []) },
      { 'b.socket': socket['a.socket'], 'a.service': service('Sockets=b.socket\nUser=b\n', []) },
      { ifActive: { restarts: ['b.socket'], stops: ['a.service'] } },
    ],
    'the socket alone': [
      at(''),
      { ...at(''), 'a.socket': { ...socket['a.socket'], text: '[Socket]\nListenStream=2\n' } },
      { keeps: ['a.socket'] },
    ],
    'the socket goes': [
      at('', boot),
      { 'a.service': service('User=b\n') },
      { stops: ['a.socket', 'a.socket'], restarts: ['a.service'] },
    ],
  });
});

test('other kinds of units', () => {
  const changed = (name: string, title: string, wantedBy: string): [Units, Units] => [
    { [name]: { text: `[${title}]\nA=1\n`, wantedBy: [wantedBy] } },
    { [name]: { text: `[${title}]\nA=2\n`, wantedBy: [wantedBy] } },
  ];
  const mount = (options: string, what = 'a') => ({
    'm.mount': { text: `[Mount]\nWhat=${what}\n${options}`, wantedBy: ['local-fs.target'] },
  });
  assertUnits({
    timer: [...changed('a.timer', 'Timer', 'timers.target'), { restarts: ['a.timer'] }],
    path: [...changed('a.path', 'Path', 'paths.target'), {}],
    slice: [...changed('a.slice', 'Slice', 'slices.target'), {}],
    target: [...changed('a.target', 'Unit', 'multi-user.target'), {}],
    automount: [...changed('a.automount', 'Automount', 'local-fs.target'), { restarts: ['a.automount'] }],
    mount: [mount(''), mount('', 'b'), { restarts: ['m.mount'] }],
    'options of a mount': [mount('Options=a\n'), mount('Options=b\n'), { reloads: ['m.mount'] }],
    'new options of a mount': [mount(''), mount('Options=b\n'), { restarts: ['m.mount'] }],
    '/nix': [
      { 'nix.mount': mount('')['m.mount'] },
      { 'nix.mount': mount('', 'b')['m.mount'] },
      { reloads: ['nix.mount'] },
    ],
    'a target that goes': [{ 'a.target': { text: '[Unit]\n', wantedBy: boot } }, {}, { stops: ['a.target'] }],
    'a new target': [{}, { 'a.target': { text: '[Unit]\n', wantedBy: boot } }, {}],
  });
});

test('templates and instances', () => {
  const template = (text: string) => ({ 'a@.service': service(text, []) });
  assertUnits({
    'instances that are not known': [
      template(''),
      template('User=b\n'),
      { ifActive: { restarts: ['a@.service'] } },
    ],
    'an instance that a unit wants': [
      { ...template(''), 'b.service': service('[Unit]\nWants=a@1.service\n') },
      { ...template('User=b\n'), 'b.service': service('[Unit]\nWants=a@1.service\n') },
      { restarts: ['a@1.service'], ifActive: { restarts: ['a@.service'] } },
    ],
    'an instance with additions': [
      { ...template(''), 'a@1.service': { text: '[Service]\nGroup=a\n', wantedBy: boot } },
      { ...template(''), 'a@1.service': { text: '[Service]\nGroup=b\n', wantedBy: boot } },
      { restarts: ['a@1.service'] },
    ],
  });
});

test('what needs a unit that stops or restarts goes with it', () => {
  const other = (text: string) => ({ 'b.service': service(`[Unit]\n${text}\n`) });
  const reconfigured = { 'k.target': { text: '[Unit]\nX-StopOnReconfiguration=true\n', wantedBy: boot } };
  assertUnits({
    'Requires=': [
      { 'a.service': service(), ...other('Requires=a.service') },
      { 'a.service': service('User=b\n'), ...other('Requires=a.service') },
      { restarts: ['a.service', 'b.service'] },
    ],
    'Wants=': [
      { 'a.service': service(), ...other('Wants=a.service') },
      { 'a.service': service('User=b\n'), ...other('Wants=a.service') },
      { restarts: ['a.service'] },
    ],
    'PartOf=, of one that may not be active': [
      { 'a.service': service('', []), ...other('PartOf=a.service') },
      { 'a.service': service('User=b\n', []), ...other('PartOf=a.service') },
      { ifActive: { restarts: ['a.service', 'b.service'] } },
    ],
    'a target that each switch restarts': [
      { ...reconfigured, ...other('PartOf=k.target') },
      { ...reconfigured, ...other('PartOf=k.target') },
      { restarts: ['b.service'] },
    ],
    reloaded: [
      { 'a.service': service(), ...other('Requires=a.service') },
      { 'a.service': service('ExecReload=b\n'), ...other('Requires=a.service') },
      { reloads: ['a.service'] },
    ],
  });
});

test('a unit with two names is changed under that which it runs under', () => {
  const broker = (text = ''): Unit => ({
    ...service(`X-ReloadIfChanged=true\n${text}`),
    aliases: ['dbus.service'],
  });
  const daemon: Unit = { ...service('X-ReloadIfChanged=true\n'), aliases: ['dbus-broker.service'] };
  const addition = (text: string) => ({ 'dbus.service': { text: `[Service]\n${text}`, wantedBy: [] } });
  assertUnits({
    both: [
      { 'dbus-broker.service': broker(), ...addition('User=a\n') },
      { 'dbus-broker.service': broker('Group=b\n'), ...addition('User=b\n') },
      { reloads: ['dbus-broker.service'] },
    ],
    'the other name alone': [
      { 'dbus-broker.service': broker(), ...addition('User=a\n') },
      { 'dbus-broker.service': broker(), ...addition('User=b\n') },
      {},
    ],
    new: [{}, { 'dbus-broker.service': broker() }, { starts: ['dbus-broker.service'] }],
    gone: [{ 'dbus-broker.service': broker() }, {}, { stops: ['dbus-broker.service'] }],
    'names that swap': [
      { 'dbus.service': daemon },
      { 'dbus-broker.service': broker('User=b\n') },
      { reloads: ['dbus.service'] },
    ],
  });
});

test('a service of systemd that is bound to one of the configuration goes with it', () => {
  const bound = 'systemd-networkd-persistent-storage.service';
  const networkd = (text = '') => ({ 'systemd-networkd.service': service(text) });
  assertUnits({
    restarted: [
      networkd(),
      networkd('User=b\n'),
      { restarts: ['systemd-networkd.service'], ifActive: { restarts: [bound] } },
    ],
    reloaded: [networkd(), networkd('ExecReload=b\n'), { reloads: ['systemd-networkd.service'] }],
    gone: [networkd(), {}, { stops: ['systemd-networkd.service'], ifActive: { stops: [bound] } }],
  });
});

test('file systems and swap devices', () => {
  const fstab = (...lines: string[]) => system({}, readFstab(lines.join('\n')));
  const cases: [string[], string[], Expected][] = [
    [['# a comment', 'a /a ext4 ro'], ['a /a ext4 ro 0 2'], {}],
    [['a /a ext4 ro'], ['a /a ext4 rw'], { reloads: ['/a'] }],
    [['a /a ext4 ro'], ['b /a ext4 rw'], { restarts: ['/a'] }],
    [['a /a ext4 ro'], [], { stops: ['/a'] }],
    [[], ['a /a ext4 ro'], { starts: ['/a'] }],
    [[], ['a /a ext4 ro,noauto'], {}],
    [[], ['a /a ext4 x-systemd.automount'], {}],
    [['a / ext4 ro'], ['b / ext4 ro'], { keeps: ['/'] }],
    [['a /nix ext4 ro'], ['b /nix ext4 rw'], { reloads: ['/nix'] }],
    [['/dev/s none swap'], [], { stops: ['/dev/s'] }],
    [[], ['/dev/s none swap'], { starts: ['/dev/s'] }],
  ];
  for (const [old, desired, expected] of cases)
    assert.deepEqual(
      whole(predicted(fstab(...old), fstab(...desired)).system),
      expected,
      `${old} → ${desired}`,
    );
});

test('units of users, systemd, packages and activation scripts', () => {
  const old = system({}, { packages: { nix: '1' } }, { 'a.service': service('', ['default.target']) });
  const desired = system(
    {},
    { systemd: 't', packages: { nix: '2', upower: '1' }, activationLists: true },
    { 'a.service': service('User=b\n', ['default.target']) },
  );
  const { user, ...rest } = predicted(old, desired);
  assert.deepEqual(whole(user), { restarts: ['a.service'] });
  assert.deepEqual(
    [rest.reexecutes, rest.unknownPackages, rest.activationLists],
    ['systemd', ['systemd', 'nix', 'upower'], true],
  );
  assert.equal(predicted(old, { ...old, systemConf: 'd' }).reexecutes, 'system.conf');
});

test('the release of the new system decides by which rules', () => {
  const at = (release: string, text = '') =>
    system({ 'a.service': service(text) }, { release }, { 'b.service': service(text, ['default.target']) });
  const old = at('26.05');
  assert.equal(predictSwitch(old, at('21.11')), undefined);
  const [before, now] = [
    predicted(old, at('26.05', 'ExecReload=b\n')),
    predicted(old, at('26.11', 'ExecReload=b\n')),
  ];
  assert.deepEqual([whole(before.system), whole(before.user)], [{ restarts: ['a.service'] }, {}]);
  assert.deepEqual(
    [whole(now.system), whole(now.user)],
    [{ reloads: ['a.service'] }, { reloads: ['b.service'] }],
  );
});
