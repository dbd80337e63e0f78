import sdk from '@pulumi/pulumi/runtime/rpc.js';
import { formatFacts } from '../../schema/facts.ts';
import { someFacts } from '../fixtures/facts.ts';
import type { Plain } from './provider-process.ts';

const path = (letter: string, name: string) => `/nix/store/${letter.repeat(32)}-${name}`;

/** Test data of one type of resource. */
export interface Sample {
  /** Valid inputs. */
  inputs: Plain;
  /** State after these inputs were applied. */
  state: Plain;
  /** Other inputs, and leaf paths that the diff must name. */
  changed: Plain;
  paths: string[];
  /** Whether the other inputs are no change. */
  silent?: boolean;
  /** Invalid inputs, and properties that the error must name. */
  bad: Plain;
  badProperties: string[];
  /** IDs that an import refuses with a clear error. */
  badIds: string[];
}

const system = { host: 'web', drvPath: path('a', 'web.drv'), outPath: path('b', 'web') };
const kernel = {
  version: '6.18.37',
  modDirVersion: '6.18.37',
  drvPath: path('a', 'linux.drv'),
  outPath: path('b', 'linux'),
  source: 'linux-6.18.37.tar.xz',
  sourceRevision: '',
  dev: '',
  patches: {},
  config: { KVM: 'm', EXT4: 'y' },
  machines: ['web'],
};

const rehearsal = {
  ...{
    stack: 'dev',
    host: 'web',
    address: 'web.example.org',
    drvPath: path('a', 'vm.drv'),
    outPath: path('b', 'vm'),
  },
  ...{ cores: 1, memoryMiB: 1024, startTimeoutSeconds: 600, sshPort: 22, user: 'root', healthChecks: {} },
};
const labNetwork = { name: 'dev', cidr: '10.213.7.0/24', hosts: { web: '10.213.7.11' } };
const labMachine = {
  lab: 'dev',
  name: 'web',
  address: '10.213.7.11',
  bridge: 'nf-dev',
  base: '/tmp/lab/base',
};

const deployment = {
  host: 'web',
  connection: { address: '10.213.7.11', user: 'root', port: 22, connectTimeoutSeconds: 15 },
  system: path('b', 'web'),
  revision: 'abc',
  facts: formatFacts(someFacts()),
  confirmTimeoutSeconds: 120,
};

const secret = {
  host: 'web',
  connection: deployment.connection,
  path: '/run/keys/database',
  owner: 'root',
  group: 'root',
  mode: '0400',
  restartUnits: ['nginx.service'],
  encoding: 'text',
};

const files = {
  database: {
    path: '/run/keys/database',
    owner: 'root',
    group: 'root',
    mode: '0400',
    restartUnits: ['nginx.service'],
    encoding: 'text',
  },
  'tls-key': {
    path: '/var/lib/tls/key.pem',
    owner: 'root',
    group: 'nginx',
    mode: '0440',
    restartUnits: ['nginx.service'],
    encoding: 'base64',
  },
};
const secrets = { host: 'web', connection: deployment.connection, files };
const secretValues = {
  database: { [sdk.specialSigKey]: sdk.specialSecretSig, value: 'hush-hush' },
  'tls-key': { [sdk.specialSigKey]: sdk.specialSecretSig, value: 'aHVzaA==' },
};

const signingKey = {
  name: 'cache.example.org-1',
  consumers: { web: deployment.connection },
  rotation: 'gradual',
};

const publicKey = `cache.example.org-1:${'A'.repeat(43)}=`;
const secretKey = { [sdk.specialSigKey]: sdk.specialSecretSig, value: 'cache.example.org-1:hush-hush' };
const cacheStore = {
  name: 'main',
  store: 'file:///srv/cache',
  publicKey,
  protocol: 'http',
  keyFile: '/var/lib/nixos-fleet/cache.key',
  revokedKeys: [],
  restartUnits: ['harmonia.service', 'nix-serve.service'],
};
const cachePush = {
  cache: 'main',
  host: 'web',
  connection: deployment.connection,
  path: path('b', 'web'),
  publicKey,
};
const cacheRetention = {
  cache: 'main',
  store: 'file:///srv/cache',
  keep: { generations: 3, graceHours: 24, others: true },
  machines: { web: { connection: deployment.connection, systems: [path('b', 'web')] } },
};
const substituters = {
  host: 'web',
  connection: deployment.connection,
  caches: { main: { url: 'https://cache.example.org', publicKeys: [publicKey], priority: 30 } },
  connectTimeoutSeconds: 5,
};
const machineBuilders = {
  host: 'web',
  connection: deployment.connection,
  builders: {
    big: {
      address: 'big.example.org',
      hostKey: 'ssh-ed25519 AAAAbig',
      user: 'nix-ssh',
      identityFile: '/etc/ssh/ssh_host_ed25519_key',
      systems: ['x86_64-linux'],
      supportedFeatures: ['big-parallel'],
      mandatoryFeatures: [],
      maxJobs: 2,
      speedFactor: 1,
    },
  },
};

const hardwareConfig = {
  host: 'web',
  connection: deployment.connection,
  generator: 'nixos-generate-config',
  fileSystems: false,
  onHandEdit: 'fail',
  file: 'nix/hosts/web/hardware-configuration.nix',
  folder: '/nowhere/fleet',
};

const imageFile = {
  configuration: 'web',
  attribute: 'system.build.images.qemu-efi',
  drvPath: path('a', 'web-image.drv'),
  outPath: path('b', 'web-image'),
  file: 'web.qcow2',
  diskSizeMiB: 1024,
  system: path('b', 'web'),
  revision: 'abc',
  keep: '/srv/images/web.qcow2',
};
const image = { ...imageFile, facts: formatFacts(someFacts()) };

const diskInstall = {
  host: 'web',
  connection: deployment.connection,
  disk: '/dev/disk/by-id/nvme-1',
  serial: 'S4EVNX0R1',
  image: path('b', 'web-image'),
  onImageChange: 'rewrite',
};

const virtualMachine = {
  stack: 'dev',
  name: 'base',
  image: '/images/base.qcow2',
  rootDisk: { from: 'copy', sizeMiB: 4096 },
  onImageChange: 'replace',
  kernelParams: [],
  cores: 1,
  memoryMiB: 1024,
  disks: {},
  sharedFolders: {},
  forwardPorts: { ssh: { host: 42422, guest: 22, protocol: 'tcp', address: '127.0.0.1' } },
  acceleration: 'auto',
  qemuOptions: [],
  user: 'root',
  startTimeoutSeconds: 600,
  stopTimeoutSeconds: 60,
};

/** A sample for each resource of the registry; a test fails if one is missing. */
const wave = {
  ...{ name: 'eu', hosts: ['web'], failuresAllowed: 0, soakMinutes: 0, together: false },
  gates: { shop: { check: { command: 'true', timeoutSeconds: 30 } } },
};
const rollout = { stage: 'wave', waves: [wave], skipped: [], unevaluated: [] };
const waveOf = (system: string) => {
  const { connection } = deployment;
  return { wave: 'eu', machines: { web: { system, connection, healthChecks: {} } }, unevaluated: [] };
};
const gate = waveOf(path('b', 'web'));
const delivery = {
  host: 'web',
  connection: deployment.connection,
  system: path('b', 'web'),
  delivery: 'copy',
};

export const samples: Record<string, Sample> = {
  'nixos:index:System': {
    inputs: system,
    state: { ...system, gcRoot: '/tmp/gcroots/web' },
    changed: { ...system, drvPath: path('c', 'web.drv'), outPath: path('d', 'web') },
    paths: ['outPath'],
    bad: { host: 1, drvPath: '/etc/passwd', outputPath: 'x' },
    badProperties: ['host', 'outPath', 'outputPath'],
    badIds: ['web', path('a', 'web.drv')],
  },
  'nixos:index:Kernel': {
    inputs: kernel,
    state: { ...kernel, gcRoot: '/tmp/gcroots/linux' },
    changed: {
      ...kernel,
      drvPath: path('c', 'linux.drv'),
      outPath: path('d', 'linux'),
      config: { KVM: 'y', 'A.B': 'y' },
    },
    paths: ['outPath', 'config.KVM', 'config.EXT4', 'config["A.B"]'],
    bad: { ...kernel, config: { KVM: 1 }, version: null },
    badProperties: ['version', 'config.KVM'],
    badIds: ['linux'],
  },
  'nixos:index:DiskInstall': {
    inputs: diskInstall,
    state: {
      ...diskInstall,
      state: 'verified',
      serials: ['S4EVNX0R1'],
      bytes: 2 ** 30,
      sha256: '0'.repeat(64),
      headSha256: '1'.repeat(64),
      backupTable: 'sgdisk',
      machineId: 'a'.repeat(32),
      bootId: '29f4fd1b-9e6c-4c5e-8a5e-1d4a3a0a4a5a',
      writtenAt: '2026-01-01T00:00:00.000Z',
      present: 'yes',
    },
    changed: { ...diskInstall, serial: 'S4EVNX0R2', image: path('d', 'web-image') },
    paths: ['serial', 'image'],
    bad: { ...diskInstall, disk: 'sda', image: 'web.raw', onImageChange: 'always', overwrite: true },
    badProperties: ['disk', 'image', 'onImageChange', 'overwrite'],
    badIds: ['web/S4EVNX0R1'],
  },
  'nixos:index:Image': {
    inputs: image,
    state: {
      ...imageFile,
      path: '/srv/images/web.qcow2',
      format: 'qcow2',
      sha256: '0'.repeat(64),
      virtualSizeBytes: 2 ** 30,
      realSizeBytes: 2 ** 28,
      builtAt: '2026-01-01T00:00:00.000Z',
      kept: 'in-place',
      gcRoot: '/tmp/gcroots/web-image',
    },
    changed: {
      ...image,
      drvPath: path('c', 'web-image.drv'),
      outPath: path('d', 'web-image'),
      system: path('d', 'web'),
      diskSizeMiB: 2048,
      keep: '/srv/images/new.qcow2',
      facts: formatFacts(someFacts({ packages: { jq: '1.8', htop: '3.4' } })),
    },
    paths: ['outPath', 'system', 'diskSizeMiB', 'keep'],
    bad: { ...image, outPath: 'web', keep: 'web.qcow2', facts: '{}', diskSizeMiB: 'auto' },
    badProperties: ['keep', 'facts', 'diskSizeMiB'],
    badIds: ['web-image'],
  },
  'nixos:index:HardwareConfig': {
    inputs: { ...hardwareConfig, content: '{ }\n' },
    state: { ...hardwareConfig, sha256: '0'.repeat(64), onDisk: 'as-written', machine: 'as-written' },
    changed: {
      ...hardwareConfig,
      file: 'nix/web.nix',
      folder: '/elsewhere/fleet',
      content: '{ a = 1; }\n',
      pending: 'write',
    },
    paths: ['file', 'content'],
    bad: { ...hardwareConfig, generator: 'lshw', folder: 'nix', command: [], onHandEdit: 'merge' },
    badProperties: ['generator', 'folder', 'command', 'onHandEdit'],
    badIds: ['web'],
  },
  'nixos:index:LiveSystems': {
    inputs: { 'web runs': path('b', 'web') },
    state: { 'web runs': path('b', 'web') },
    changed: { 'web runs': path('d', 'web'), 'db runs': path('d', 'db') },
    paths: [],
    silent: true,
    bad: { 'web runs': 1, web: 'x' },
    badProperties: ['["web runs"]', 'web'],
    badIds: ['other'],
  },
  'nixos:index:Rollout': {
    inputs: rollout,
    state: rollout,
    changed: { ...rollout, stage: 'all', waves: [{ ...wave, hosts: ['web', 'db'] }] },
    paths: ['stage', 'waves'],
    bad: { stage: 'some', waves: [{ name: 'eu', hosts: 'web' }] },
    badProperties: ['stage', 'waves[0].hosts'],
    badIds: ['rollout'],
  },
  'nixos:index:Wave': {
    inputs: gate,
    state: { ...gate, passed: '2026-01-01T00:00:00Z', failed: [] },
    changed: waveOf(path('d', 'web')),
    paths: ['machines.web.system'],
    bad: { wave: 1, machines: { web: { system: 1 } } },
    badProperties: ['wave', 'machines.web.system'],
    badIds: ['eu'],
  },
  'nixos:index:Delivery': {
    inputs: delivery,
    state: delivery,
    changed: { ...delivery, system: path('d', 'web') },
    paths: ['system'],
    bad: { ...delivery, system: 1, delivery: 'post' },
    badProperties: ['system', 'delivery'],
    badIds: ['web'],
  },
  'nixos:index:Deployment': {
    inputs: deployment,
    state: {
      ...deployment,
      live: {
        system: path('b', 'web'),
        profileSystem: path('b', 'web'),
        generation: 7,
        booted: path('b', 'web'),
        kernel: '6.18.37',
        rebootDue: false,
        bootId: '6f7b1f4e-0000-0000-0000-000000000000',
        machineId: '0'.repeat(32),
        revision: 'abc',
        since: '2026-01-01T00:00:00Z',
      },
    },
    changed: {
      ...deployment,
      system: path('d', 'web'),
      facts: formatFacts(someFacts({ packages: { jq: '1.8', htop: '3.4' } })),
    },
    paths: ['system'],
    bad: { host: 1, connection: { address: 'root@web', sshKey: 'x' }, confirmTimeoutSeconds: 1 },
    badProperties: ['host', 'system', 'connection.address', 'connection.sshKey', 'confirmTimeoutSeconds'],
    badIds: ['no spaces here'],
  },
  'nixos:index:Secret': {
    inputs: { ...secret, value: { [sdk.specialSigKey]: sdk.specialSecretSig, value: 'hush-hush' } },
    state: { ...secret, content: 'in-place', restartDue: false },
    changed: { ...secret, path: '/run/keys/db', mode: '0440', value: 'other' },
    paths: ['path', 'mode', 'value'],
    bad: { ...secret, path: '/run/../nix/x', mode: 256, owner: 'a b', restartUnits: ['nginx'], value: '' },
    badProperties: ['path', 'mode', 'owner', 'restartUnits[0]', 'value'],
    badIds: ['f056:/run/keys/database'],
  },
  'nixos:index:Secrets': {
    inputs: { ...secrets, values: secretValues },
    state: { ...secrets, contents: { database: 'in-place', 'tls-key': 'in-place' }, restartDue: false },
    changed: {
      ...secrets,
      files: { ...files, database: { ...files.database, mode: '0440' } },
      values: { ...secretValues, database: 'other' },
    },
    paths: ['files.database.mode', 'values.database'],
    bad: {
      ...secrets,
      files: { ...files, database: { ...files.database, path: '/nix/x' }, 'a b': files.database },
      values: { database: '', 'tls-key': 7 },
    },
    badProperties: ['files.database.path', 'files["a b"]', 'values.database', 'values.tls-key'],
    badIds: ['f056:a1b2'],
  },
  'nixos:index:SigningKey': {
    inputs: signingKey,
    state: {
      ...signingKey,
      publicKey: 'cache.example.org-1:public',
      secretKey: { [sdk.specialSigKey]: sdk.specialSecretSig, value: 'cache.example.org-1:hush-hush' },
      trustedKeys: ['cache.example.org-1:public'],
      revokedKeys: [],
      phase: 'stable',
      waitingFor: [],
    },
    changed: { ...signingKey, name: 'cache.example.org-2' },
    paths: ['name'],
    bad: { name: 'a:b', rotation: 'soon', consumers: { web: { user: 'no one' } } },
    badProperties: ['name', 'rotation', 'consumers.web.user'],
    badIds: ['/nowhere/key', '/dev/null'],
  },
  'nixos:index:CacheStore': {
    inputs: { ...cacheStore, secretKey },
    state: { ...cacheStore, signedBy: publicKey },
    changed: { ...cacheStore, secretKey, store: 's3://cache?region=eu-central-1', publicKey: 'other-2:key' },
    paths: ['store', 'signedBy'],
    bad: { ...cacheStore, secretKey: '', store: '/srv/cache?secret-key=/etc/key', protocol: 'ftp' },
    badProperties: ['secretKey', 'store', 'protocol'],
    badIds: ['main'],
  },
  'nixos:index:CachePush': {
    inputs: { ...cachePush, secretKey },
    state: { ...cachePush, complete: true, paths: 12, mebibytes: 3.5 },
    changed: { ...cachePush, secretKey, path: path('d', 'web') },
    paths: ['path'],
    bad: { ...cachePush, secretKey: '', path: 1, connection: { address: 'root@web' } },
    badProperties: ['secretKey', 'path', 'connection.address'],
    badIds: ['main/web'],
  },
  'nixos:index:CacheRetention': {
    inputs: cacheRetention,
    state: {
      ...cacheRetention,
      systems: 3,
      paths: 12,
      mebibytes: 3.5,
      freedPaths: 0,
      freedMebibytes: 0,
      due: '',
    },
    changed: {
      ...cacheRetention,
      keep: { ...cacheRetention.keep, days: 7 },
      machines: { web: { ...cacheRetention.machines.web, systems: [path('d', 'web')] } },
    },
    paths: ['keep.days', 'machines.web'],
    bad: { ...cacheRetention, keep: {}, machines: { web: { systems: [] } } },
    badProperties: ['keep', 'machines.web.connection'],
    badIds: ['main'],
  },
  'nixos:index:Substituters': {
    inputs: substituters,
    state: { ...substituters, content: 'in-place' },
    changed: {
      ...substituters,
      caches: { ...substituters.caches, lan: { url: 'http://lan:5000', publicKeys: [], priority: 10 } },
    },
    paths: ['caches.lan'],
    bad: { ...substituters, caches: { main: { url: 'cache', publicKeys: ['x'] } }, connectTimeoutSeconds: 0 },
    badProperties: ['caches.main.url', 'caches.main.publicKeys[0]', 'connectTimeoutSeconds'],
    badIds: ['0'.repeat(32)],
  },
  'nixos:index:MachineBuilders': {
    inputs: machineBuilders,
    state: { ...machineBuilders, content: 'in-place' },
    changed: { ...machineBuilders, builders: { big: { ...machineBuilders.builders.big, maxJobs: 4 } } },
    paths: ['builders.big.maxJobs'],
    bad: {
      ...machineBuilders,
      builders: { big: { ...machineBuilders.builders.big, identityFile: '~/key' } },
    },
    badProperties: ['builders.big.identityFile'],
    badIds: ['0'.repeat(32)],
  },
  'nixos:index:LabNetwork': {
    inputs: labNetwork,
    state: {
      ...labNetwork,
      bridge: 'nf-dev',
      gateway: '10.213.7.1',
      identityFile: '/tmp/lab/identity',
      publicKey: 'ssh-ed25519 AAAA',
      up: true,
    },
    changed: { ...labNetwork, cidr: '10.213.8.0/24', hosts: { web: '10.213.8.11', db: '10.213.8.12' } },
    paths: ['cidr', 'hosts.web', 'hosts.db'],
    bad: { name: '../dev', cidr: '10.213.7.0', hosts: [] },
    badProperties: ['name', 'cidr', 'hosts'],
    badIds: ['../dev'],
  },
  'nixos:index:LabMachine': {
    inputs: labMachine,
    state: {
      ...labMachine,
      hostKey: 'ssh-ed25519 AAAA',
      machineId: '0'.repeat(32),
      running: true,
      pid: 42,
      startedAt: '2026-01-01T00:00:00.000Z',
      root: '/tmp/lab/web/root',
      console: '/tmp/lab/web/console.log',
    },
    changed: { ...labMachine, name: 'www', address: '10.213.7.14', base: '/tmp/lab/newer' },
    paths: ['name', 'address'],
    bad: { ...labMachine, address: '10.213.7', name: 'Web!' },
    badProperties: ['address', 'name'],
    badIds: ['web', 'dev/web/x', '../web'],
  },
  'nixos:index:Rehearsal': {
    inputs: rehearsal,
    state: { ...rehearsal, rehearsedAt: '2026-01-01T00:00:00.000Z', kernel: '6.18.37', seconds: 42 },
    changed: { ...rehearsal, host: 'www', outPath: path('d', 'vm'), memoryMiB: 4096 },
    paths: ['host', 'outPath'],
    bad: { ...rehearsal, sshPort: 70000, cores: 0 },
    badProperties: ['sshPort', 'cores'],
    badIds: [],
  },
  'nixos:index:VirtualMachine': {
    inputs: virtualMachine,
    state: {
      ...virtualMachine,
      running: true,
      status: 'running',
      pid: 42,
      startedAt: '2026-01-01T00:00:00.000Z',
      accelerator: 'tcg',
      address: '127.0.0.1',
      port: 42422,
      identityFile: '/tmp/vm/base/identity',
      hostKey: 'ssh-ed25519 AAAA',
      machineId: '0'.repeat(32),
      console: '/tmp/vm/base/console.log',
      folder: '/tmp/vm/base',
    },
    changed: {
      ...virtualMachine,
      name: 'other',
      image: '/images/newer.qcow2',
      cores: 2,
      rootDisk: { from: 'copy', sizeMiB: 8192 },
      forwardPorts: { web: { host: 42480, guest: 80, protocol: 'tcp', address: '127.0.0.1' } },
      credentials: { token: 'hush' },
    },
    paths: [
      'name',
      'image',
      'cores',
      'rootDisk.sizeMiB',
      'forwardPorts.ssh',
      'forwardPorts.web',
      'credentials',
    ],
    bad: {
      ...virtualMachine,
      name: 'Base!',
      image: 'base.qcow2',
      cores: 0,
      forwardPorts: { ssh: { host: 70000, guest: 22 } },
      sharedFolders: { 'a,b': { source: '/tmp' } },
    },
    badProperties: ['name', 'image', 'cores', 'forwardPorts.ssh.host', 'sharedFolders.a,b'],
    badIds: ['base', 'dev/base/x', '../base'],
  },
};
