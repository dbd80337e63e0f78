import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CondenseOptions, condense, kernelParams } from '../../../../lib/evaluation/condense.ts';
import { condenseKernel, parseKernelConfig } from '../../../../lib/evaluation/condense-kernel.ts';
import type { RawEtc, RawSystem, RawUnit } from '../../../../lib/evaluation/raw-facts.ts';
import { evaluatedKernel } from '../../../../schema/evaluation.ts';
import { hostFacts } from '../../../../schema/facts.ts';

const hash = (letter: string) => letter.repeat(32);

const unit: RawUnit = {
  enable: true,
  text: `[Service]\nExecStart=/nix/store/${hash('a')}-nginx-1.28.0/bin/nginx\n`,
  texts: [],
  wantedBy: ['multi-user.target'],
  requiredBy: [],
  upheldBy: [],
  aliases: [],
};

const raw: RawSystem = {
  unread: [],
  access: null,
  switching: null,
  kernelNeeds: null,
  toplevel: { drvPath: '/nix/store/x.drv', out: '/nix/store/x' },
  nixosLabel: '26.11',
  stateVersion: '26.11',
  revision: '',
  platform: 'x86_64-linux',
  container: false,
  kernel: {
    drvPath: '/nix/store/k.drv',
    out: '/nix/store/0123456789abcdefghijklmnopqrstuv-linux',
    version: '6.12.5',
    modDirVersion: '6.12.5',
    params: ['console=ttyS0', 'quiet', 'console=tty0'],
    initrdModules: ['virtio_blk', 'dm_mod'],
    initrdModulesLoaded: ['dm_mod'],
    modules: ['tcp_bbr'],
    extraModulePackages: [{ name: 'v4l2loopback', version: '0.15' }],
  },
  packages: [
    { name: 'jq', version: '1.7' },
    { name: 'fuse', version: '3.9' },
    { name: 'fuse', version: '2.9' },
    { name: 'script', version: '' },
  ],
  units: { 'nginx.service': unit },
  userUnits: { 'nginx.service': unit },
  etc: {
    motd: { mode: 'symlink', text: 'hello\n' },
    'systemd/system': { mode: 'symlink', source: '/nix/store/u' },
  },
  firewall: { enabled: true, tcp: ['22'], udp: [] },
  users: { root: { wheel: false, keys: [] } },
  fileSystems: { '/': { fsType: 'ext4', device: '/dev/vda' }, '/tmp': { fsType: 'tmpfs', device: '' } },
  bootLoader: 'grub',
  sshd: { enabled: true, ports: [22, 2222] },
  specialisations: [],
  inhibitors: {},
  warnings: [],
};

function condensed(changes: Partial<RawSystem> = {}, options: Partial<CondenseOptions> = {}) {
  const texts = new Map<string, string>();
  const facts = condense(
    { ...raw, ...changes },
    {
      derivationTexts: () => [],
      fileText: () => undefined,
      keepText: (key, text) => texts.set(key, text),
      ...options,
    },
  );
  return { facts, texts };
}

test('facts are maps with stable keys, and match their schema', () => {
  const { facts } = condensed();
  assert.deepEqual(hostFacts.parse(facts), facts);
  assert.deepEqual(facts.kernel, {
    version: '6.12.5',
    modDirVersion: '6.12.5',
    build: '0123456789ab',
    params: { console: 'ttyS0 tty0', quiet: '' },
    initrdModules: { virtio_blk: false, dm_mod: true },
    modules: { tcp_bbr: true, 'v4l2loopback 0.15': true },
  });
  assert.deepEqual(facts.packages, { jq: '1.7', fuse: '2.9, 3.9', script: '' });
  assert.deepEqual(facts.sshd, { enabled: true, ports: { '22': true, '2222': true } });
  assert.deepEqual(facts.fileSystems, { '/': 'ext4 /dev/vda', '/tmp': 'tmpfs' });
  assert.deepEqual(Object.keys(facts.units), ['nginx.service', 'user/nginx.service']);
  assert.deepEqual(Object.keys(facts.etc), ['motd']);
});

test('a container has the kernel of its host', () => {
  const { version, modDirVersion, ...kernel } = raw.kernel;
  const { facts } = condensed({ container: true, kernel });
  assert.equal(facts.kernel.version, 'host');
});

test('kernel parameters are a map, with and without values', () => {
  assert.deepEqual(kernelParams(['a=b=c', 'ro', 'ro', 'a=d']), { a: 'b=c d', ro: '' });
});

const unitFact = (changes: Partial<RawUnit>, options: Partial<CondenseOptions> = {}) =>
  condensed({ units: { 'nginx.service': { ...unit, ...changes } } }, options).facts.units['nginx.service'];

test('a unit’s fact changes with its text, not with a rebuild of its package', () => {
  const fact = unitFact({});
  assert.match(fact ?? '', /^enabled [0-9a-f]{12}$/);
  assert.equal(unitFact({ text: unit.text.replace(hash('a'), hash('b')) }), fact);
  assert.notEqual(unitFact({ text: unit.text.replace('1.28.0', '1.28.1') }), fact);
  assert.notEqual(unitFact({ wantedBy: [] }), fact);
  assert.equal(unitFact({ enable: false }), fact?.replace('enabled', 'disabled'));
});

test('a unit’s fact changes with the text of a file that it names', () => {
  const fact = (content: string) =>
    unitFact({ texts: ['/nix/store/c.drv'] }, { derivationTexts: () => [{ name: 'nginx.conf', content }] });
  assert.notEqual(fact('listen 80'), fact('listen 81'));
  assert.equal(fact(`root /nix/store/${hash('a')}-site-1.0`), fact(`root /nix/store/${hash('b')}-site-1.0`));
});

test('the order and repetition of a unit’s texts do not matter', () => {
  const named = (name: string) => ({ name, content: `content of ${name}` });
  const fact = (...names: string[]) =>
    unitFact({ texts: ['/nix/store/c.drv'] }, { derivationTexts: () => names.map(named) });
  assert.equal(fact('a', 'b'), fact('b', 'a', 'b'));
  assert.notEqual(fact('a', 'b'), fact('a'));
});

test('texts are kept under their hashes', () => {
  const { facts, texts } = condensed();
  assert.equal(texts.get(facts.etc.motd ?? ''), 'hello\n');
  assert.match(
    texts.get(facts.units['nginx.service']?.split(' ')[1] ?? '') ?? '',
    /nginx-1\.28\.0[\s\S]*wanted by/,
  );
});

test('a file of the flake is identified by its content, and its text is kept', () => {
  const etcFact = (entry: RawEtc) => condensed({ etc: { a: entry } }, { fileText: () => 'text of the file' });
  const entry = { mode: 'symlink', exact: 'sha256:1', path: '/nix/store/f' };
  const { facts, texts } = etcFact(entry);
  assert.equal(texts.get(facts.etc.a ?? ''), 'text of the file');
  assert.notEqual(etcFact({ ...entry, exact: 'sha256:2' }).facts.etc.a, facts.etc.a);
  assert.notEqual(etcFact({ ...entry, mode: '0440' }).facts.etc.a, facts.etc.a);
});

test('a kernel’s symbols are read from NixOS’s structure or a .config', () => {
  const kernel = condenseKernel({
    drvPath: '/nix/store/k.drv',
    out: '/nix/store/k',
    version: '6.12.5',
    modDirVersion: '6.12.5-custom',
    source: { name: `${hash('b')}-source`, revision: '0123abcd', path: `/nix/store/${hash('b')}-source` },
    patches: [
      { name: 'bridge', patch: `${hash('a')}-bridge.patch` },
      { name: '', patch: '' },
    ],
    config: { CONFIG_KVM: 'm', NR_CPUS: '64' },
  });
  assert.deepEqual(evaluatedKernel.parse(kernel), kernel);
  assert.equal(kernel.source, 'source');
  assert.equal(kernel.sourceRevision, '0123abcd');
  assert.equal(kernel.configOrigin, 'asked');
  assert.deepEqual(kernel.patches, { bridge: 'bridge.patch', 'patch 2': '' });
  assert.deepEqual(kernel.config, { KVM: 'm', NR_CPUS: '64' });
  assert.deepEqual(
    parseKernelConfig('# comment\nCONFIG_KVM=m\n# CONFIG_XEN is not set\nCONFIG_NAME="a b"\n\n'),
    {
      KVM: 'm',
      XEN: 'n',
      NAME: 'a b',
    },
  );
});
