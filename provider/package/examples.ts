import { stringify } from 'yaml';

type Properties = Readonly<Record<string, unknown>>;

const web = { host: 'web', connection: { address: 'web.example.org' } };
const system = '/nix/store/8zv1x0jv6yphkj9p1p9bnjyq0c6q7l3w-nixos-system-web-26.05';
const drvPath = '/nix/store/3sds4nq0yx7cj2vb4r6kqk3n2fjyczhh-nixos-system-web-26.05.drv';
const cache = {
  store: 's3://nix-cache?region=eu-central-1',
  publicKey: 'cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=',
  secretKey: 'cache.example.org-1:…',
};

/** An example of each resource, component and function, for the schema's documentation: by token, a name and what is given. */
export const examples: Readonly<Record<string, readonly [name: string, inputs: Properties]>> = {
  'nixos:index:Kernel': [
    'linux',
    {
      version: '6.18.37',
      modDirVersion: '6.18.37',
      drvPath: '/nix/store/7q1hbs8jv3x4fjrxk2sbl6xr7c5v1a0d-linux-6.18.37.drv',
      outPath: '/nix/store/1fjwmbb9i1sr3hw2k7gd9ryq7f0zyl5m-linux-6.18.37',
      source: 'linux-6.18.37.tar.xz',
      patches: {},
      config: { KVM: 'm', EXT4_FS: 'y' },
    },
  ],
  'nixos:index:Image': [
    'web',
    {
      configuration: 'web',
      attribute: 'system.build.images.qemu-efi',
      drvPath: '/nix/store/2j3v5rwd6pmxk1ql9hsfz7yb4ncg8a0i-nixos-image-web.drv',
      outPath: '/nix/store/9w4k2zq7dyx1hj6bvs3rm5fnlcp8ga0i-nixos-image-web',
      file: 'web.qcow2',
      system,
      keep: '/srv/images/web.qcow2',
    },
  ],
  'nixos:index:HardwareConfig': [
    'web',
    { ...web, file: 'nix/hosts/web/hardware-configuration.nix', folder: '/home/me/fleet' },
  ],
  'nixos:index:DiskInstall': [
    'web',
    {
      ...web,
      disk: '/dev/disk/by-id/nvme-Samsung_SSD_990_PRO_S7HCNJ0X',
      serial: 'S7HCNJ0X',
      image: '/srv/images/web.raw',
      afterwards: 'reboot',
    },
  ],
  'nixos:index:System': ['web', { host: 'web', drvPath, outPath: system }],
  'nixos:index:Rehearsal': [
    'web',
    {
      stack: 'production',
      host: 'web',
      drvPath: '/nix/store/6mwvk1ph3x7qzr2ysb9gl5fnjcd4ia08-nixos-vm.drv',
      outPath: '/nix/store/5b3ynkq8zj1hx7rmv2wd6gsplf9ca40i-nixos-vm',
      memoryMiB: 2048,
    },
  ],
  'nixos:index:LiveSystems': ['production', { 'web runs': system }],
  'nixos:index:Rollout': [
    'production',
    {
      waves: [
        { name: 'canary', hosts: ['web'], soakMinutes: 30 },
        { name: 'all', hosts: ['db', 'mail'], failuresAllowed: 1 },
      ],
    },
  ],
  'nixos:index:Delivery': ['web', { ...web, system, delivery: 'auto' }],
  'nixos:index:Deployment': [
    'web',
    {
      ...web,
      system,
      reboot: 'when-needed',
      healthChecks: { shop: { http: { url: '/', status: 200 } } },
      keepGenerations: { count: 10 },
    },
  ],
  'nixos:index:Wave': [
    'canary',
    { wave: 'canary', machines: { web: { system, connection: web.connection } } },
  ],
  'nixos:index:Secret': [
    'web-database',
    {
      ...web,
      path: '/run/keys/database',
      group: 'postgres',
      mode: '0440',
      restartUnits: ['postgresql.service'],
      value: 'hunter2',
    },
  ],
  'nixos:index:Secrets': [
    'web',
    { ...web, files: { database: { path: '/run/keys/database' } }, values: { database: 'hunter2' } },
  ],
  'nixos:index:SigningKey': ['main', { name: 'cache.example.org-1', consumers: { web: web.connection } }],
  'nixos:index:CacheStore': ['main', { name: 'main', ...cache }],
  'nixos:index:CachePush': ['web', { cache: 'main', path: system, ...cache }],
  'nixos:index:CacheRetention': [
    'main',
    {
      cache: 'main',
      store: 'file:///srv/cache',
      keep: { generations: 3 },
      machines: { web: { connection: web.connection, systems: [system] } },
    },
  ],
  'nixos:index:Substituters': [
    'web',
    {
      ...web,
      caches: { main: { url: 'https://cache.example.org', publicKeys: [cache.publicKey], priority: 30 } },
    },
  ],
  'nixos:index:MachineBuilders': [
    'web',
    {
      ...web,
      builders: {
        big: {
          address: 'big.example.org',
          hostKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5bKZ4gyKJx9mYgFq4wq1nS3XWkWcpZsVh0n2yX4a5d',
          identityFile: '/etc/ssh/ssh_host_ed25519_key',
          systems: ['x86_64-linux'],
        },
      },
    },
  ],
  'nixos:index:LabNetwork': ['lab', { name: 'lab', cidr: '10.213.7.0/24', hosts: { web: '10.213.7.11' } }],
  'nixos:index:LabMachine': [
    'web',
    { lab: 'lab', name: 'web', address: '10.213.7.11', bridge: 'nf-lab', base: '/var/cache/lab/base' },
  ],
  'nixos:index:VirtualMachine': [
    'base',
    {
      stack: 'production',
      name: 'base',
      image: '/srv/images/base.qcow2',
      memoryMiB: 2048,
      forwardPorts: { ssh: { host: 2222, guest: 22 } },
    },
  ],
  'nixos:index:Fleet': [
    'production',
    {
      flake: './nix',
      hosts: {
        web: { connection: web.connection, reboot: 'when-needed' },
        db: { connection: { address: 'db.example.org' }, healthChecks: { postgres: { tcp: 5432 } } },
      },
    },
  ],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference in YAML
  'nixos:index:Host': ['web', { connection: web.connection, evaluated: '${evaluation.hosts.web}' }],
  'nixos:index:Lab': [
    'lab',
    { network: '10.213.7.0/24', base: '/var/lib/lab/base', machines: { web: '10.213.7.11' } },
  ],
  'nixos:index:evaluate': ['evaluation', { flake: './nix', hosts: { web: 'web' } }],
  'nixos:index:machine': ['web', { connection: web.connection }],
  'nixos:index:getVersion': ['version', {}],
};

/** A description with its example, as Pulumi's tools split it by language. */
export function withExample(token: string, description: string): string {
  const example = examples[token];
  if (!example) return description;
  const [name, given] = example;
  const type = token.replace(':index:', ':');
  const own = token.split(':').at(-1) ?? '';
  // The name of a function begins with a small letter.
  const isFunction = own.charAt(0) === own.charAt(0).toLowerCase();
  const yaml = isFunction
    ? { variables: { [name]: { 'fn::invoke': { function: type, arguments: given } } } }
    : { resources: { [name]: { type, properties: given } } };
  const typescript = isFunction
    ? `const ${name} = await nixos.${own}(${literal(given)});`
    : `new nixos.${own}('${name}', ${literal(given)});`;
  return [
    description,
    '',
    '## Example Usage',
    '',
    '```typescript',
    "import * as nixos from '@nixos-fleet/nixos';",
    '',
    typescript,
    '```',
    '```yaml',
    stringify(yaml, { lineWidth: 0 }).trimEnd(),
    '```',
  ].join('\n');
}

/** A value as TypeScript. */
function literal(value: unknown, indent = ''): string {
  // A reference, as YAML has it.
  const reference = typeof value === 'string' && /^\$\{(.*)\}$/.exec(value)?.[1];
  if (reference) return reference;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const deeper = `${indent}  `;
  const [open, close, items] = Array.isArray(value)
    ? ['[', ']', value.map((item) => literal(item, deeper))]
    : ['{', '}', Object.entries(value).map(([key, item]) => `${property(key)}: ${literal(item, deeper)}`)];
  if (items.length === 0) return open + close;
  return [open, ...items.map((item) => `${deeper}${item},`), indent + close].join('\n');
}

function property(key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key);
}
