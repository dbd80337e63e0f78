import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, mock, test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { commandConnection, knownConnection } from '../../../components/command-connection.ts';
import { commandPackage } from '../../../components/command-package.ts';
import { Host, type HostArgs } from '../../../components/host.ts';
import { someFacts } from '../../fixtures/facts.ts';

interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}
let registered: Registered[] = [];
const folder = mkdtempSync(join(tmpdir(), 'host-commands-'));
const identityFile = join(folder, 'identity');
const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtleQ';
const agent = process.env.SSH_AUTH_SOCK;

before(async () => {
  writeFileSync(identityFile, 'PRIVATE KEY');
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      registered.push({ type, name, inputs });
      const state = type === 'nixos:index:Deployment' ? { ...inputs, live: { generation: 7 } } : inputs;
      return { id: `${name}-id`, state };
    },
    call: () => ({}),
  });
});

beforeEach(() => {
  registered = [];
  delete process.env.SSH_AUTH_SOCK;
});

after(() => {
  if (agent !== undefined) process.env.SSH_AUTH_SOCK = agent;
  rmSync(folder, { recursive: true });
});

const evaluated = { drvPath: '/nix/store/web.drv', outPath: '/nix/store/web', facts: someFacts() };
const connection = { address: '10.0.0.1', port: 2222, hostKey, identityFile };

/** Registers a host, waits until `last` is registered, and returns what was, in its order. */
async function registeredBy(args: Partial<HostArgs>, last: string): Promise<Registered[]> {
  new Host('web', { evaluated, connection, ...args });
  for (
    let turn = 0;
    turn < 10_000 && !registered.some(({ name, type }) => `${type} ${name}` === last);
    turn++
  )
    await new Promise(setImmediate);
  return registered.filter(({ type }) => type !== 'nixos-fleet:index:Host');
}

/** Inputs as the engine gets them: a secret is an object of its own. */
const plain = (value: unknown): unknown => (value as { value?: unknown })?.value ?? value;

test('commands and files run before or after the deployment, with the host’s connection', async () => {
  const all = await registeredBy(
    {
      secrets: { early: { value: 'x' }, late: { value: 'x', when: 'after' } },
      commands: {
        before: { drain: { create: 'drain' } },
        after: { migrate: { create: 'migrate', triggers: ['mine'] }, undrain: { create: 'undrain' } },
      },
      files: {
        motd: { source: new pulumi.asset.StringAsset('hello'), path: '/etc/motd' },
        page: { source: new pulumi.asset.StringAsset('hello'), path: '/srv/page', when: 'after' },
      },
    },
    'command:remote:Command web-after-undrain',
  );
  const order = all.map(({ type, name }) => `${type.replace(/.*:/, '')} ${name}`);
  assert.deepEqual(
    order.filter((one) => !one.startsWith('Command web-after')),
    [
      'System web',
      'Secret web-early',
      'CopyToRemote web-before-motd',
      'Command web-before-drain',
      'Deployment web',
      'Secret web-late',
      'CopyToRemote web-after-page',
    ],
  );
  assert.ok(order.indexOf('Command web-after-migrate') > order.indexOf('CopyToRemote web-after-page'));
  const inputs = (name: string) =>
    all.find((one) => one.name === name && one.type.startsWith('command:'))?.inputs ?? {};
  assert.deepEqual(plain(inputs('web-before-drain').connection), {
    host: '10.0.0.1',
    user: 'root',
    port: 2222,
    hostKey,
    privateKey: 'PRIVATE KEY',
    perDialTimeout: 15,
    dialErrorLimit: 10,
  });
  assert.equal(inputs('web-before-motd').remotePath, '/etc/motd');
  assert.deepEqual(inputs('web-before-drain').triggers, ['/nix/store/web'], 'at each new system');
  assert.deepEqual(inputs('web-after-undrain').triggers, [7], 'at each new generation');
  assert.deepEqual(inputs('web-after-migrate').triggers, ['mine']);
});

test('the connection is a secret, as it holds the key', async () => {
  const parent = new pulumi.ComponentResource('test:index:Parent', 'parent');
  const reached = commandConnection(parent, 'web', connection);
  assert.equal(await (reached as unknown as { isSecret: Promise<boolean> }).isSecret, true);
});

test('a jump host of the connection is the proxy, and ignored settings are reported once', async () => {
  const warn = mock.method(console, 'warn', () => {});
  const log = mock.method(console, 'log', () => {});
  try {
    const jumpKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGp1bXA';
    const all = await registeredBy(
      {
        connection: pulumi.output({
          ...connection,
          user: 'ops',
          become: 'doas' as const,
          proxyJump: 'gate@jump.example:2200',
          proxyJumpHostKey: jumpKey,
          sshOptions: { Ciphers: 'aes256-gcm@openssh.com' },
          connectTimeoutSeconds: 30,
        }),
        commands: { before: { drain: { create: 'drain' } }, after: { undrain: { create: 'undrain' } } },
      },
      'command:remote:Command web-after-undrain',
    );
    const commands = all.filter(({ type }) => type === 'command:remote:Command');
    assert.equal(commands.length, 2);
    for (const { inputs } of commands) {
      const { user, proxy } = plain(inputs.connection) as Record<string, unknown>;
      assert.equal(user, 'ops');
      assert.deepEqual(proxy, {
        host: 'jump.example',
        user: 'gate',
        port: 2200,
        hostKey: jumpKey,
        privateKey: 'PRIVATE KEY',
        perDialTimeout: 15,
        dialErrorLimit: 10,
      });
    }
    const told = (method: typeof warn) =>
      method.mock.calls.map(({ arguments: [text] }) => String(text)).filter((text) => text.includes('web: '));
    assert.equal(told(warn).length, 1);
    assert.match(told(warn)[0] ?? '', /ignores sshOptions\. .*do not use Ciphers/);
    assert.equal(told(log).length, 1);
    assert.match(told(log)[0] ?? '', /as ops: use doas/);
  } finally {
    warn.mock.restore();
    log.mock.restore();
  }
});
test('a host without commands and files does not need @pulumi/command', async () => {
  const all = await registeredBy({ connection: { address: 'web' } }, 'nixos:index:Deployment web');
  assert.deepEqual(
    all.map(({ type }) => type),
    ['nixos:index:System', 'nixos:index:Deployment'],
  );
});

function refused(given: Parameters<typeof knownConnection>[1], why: RegExp, proxy?: typeof given): void {
  assert.throws(
    () => knownConnection('web', given, proxy),
    (error) => {
      assert.ok(pulumi.RunError.isInstance(error));
      assert.match(String(error), /^Error: web: /);
      assert.match(String(error), why);
      assert.match(String(error), /fix: {2}\S/);
      return true;
    },
  );
}

test('host keys are required, also of the proxy, and a key to log in with', () => {
  const { hostKey: _, ...keyless } = connection;
  refused(keyless, /connection\.hostKey is not set[\s\S]*ssh-keygen -F '\[10\.0\.0\.1\]:2222'/);
  refused(connection, /commandProxy\.hostKey is not set/, { address: 'jump', identityFile });
  refused({ address: 'web', hostKey }, /neither connection\.identityFile nor an ssh-agent/);
  refused({ ...connection, identityFile: join(folder, 'none') }, /ENOENT[\s\S]*path of the private key/);
  process.env.SSH_AUTH_SOCK = '/run/agent';
  assert.deepEqual(knownConnection('web', { address: 'web', hostKey }, { address: 'jump', hostKey }), {
    host: 'web',
    user: 'root',
    port: 22,
    hostKey,
    perDialTimeout: 15,
    proxy: { host: 'jump', user: 'root', port: 22, hostKey, perDialTimeout: 15 },
  });
});

test('a changed connectTimeoutSeconds leaves the connection of commands as it is, so none runs again (fault 42)', () => {
  const proxy = { address: 'gate', hostKey, identityFile };
  const slow = { connectTimeoutSeconds: 60 };
  assert.deepEqual(
    knownConnection('web', { ...connection, ...slow }, { ...proxy, ...slow }),
    knownConnection('web', connection, proxy),
  );
});

test('a connection that @pulumi/command cannot use is refused, unless commandProxy is set', () => {
  const known = { ...connection, proxyJumpHostKey: hostKey };
  refused({ ...connection, proxyJump: 'ops@gate' }, /proxyJumpHostKey is not set[\s\S]*ssh-keygen -F gate`/);
  refused({ ...connection, proxyJump: 'ops@gate:2200' }, /ssh-keygen -F '\[gate\]:2200'/);
  refused({ ...known, proxyJump: 'gate' }, /names no user[\s\S]*root@gate/);
  refused({ ...connection, proxyJump: 'ops@near,ops@far' }, /several machines[\s\S]*commandProxy/);
  refused({ ...connection, sshOptions: { proxycommand: 'nc %h %p' } }, /uses sshOptions\.proxycommand/);
  refused({ address: 'localhost', local: true }, /operator’s own computer[\s\S]*local\.Command/);
  const proxy = { address: 'gate', hostKey, identityFile };
  for (const way of [{ proxyJump: 'ops@near,ops@far' }, { sshOptions: { ProxyCommand: 'nc %h %p' } }]) {
    assert.equal(knownConnection('web', { ...connection, ...way }, proxy).proxy?.host, 'gate');
  }
});

test('without @pulumi/command, or with a version that checks no host key, the error says what to install', () => {
  const inFolder = (version: string) => {
    const program = join(folder, version);
    const home = join(program, 'node_modules/@pulumi/command');
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'package.json'), JSON.stringify({ name: '@pulumi/command', version }));
    writeFileSync(join(home, 'index.js'), 'exports.remote = "loaded";');
    return () => commandPackage('web', [program]);
  };
  const why = (pattern: RegExp) => (error: unknown) =>
    pulumi.RunError.isInstance(error) && pattern.test(String(error));
  assert.throws(
    () => commandPackage('web', [folder]),
    why(/web: [\s\S]*is not installed[\s\S]*npm install @pulumi\/command@1\.2\.1/),
  );
  assert.throws(inFolder('1.0.5'), why(/@pulumi\/command 1\.0\.5 is installed/));
  assert.throws(inFolder('4.5.0'), why(/@pulumi\/command 4\.5\.0 is installed/));
  assert.equal(inFolder('1.2.1')().remote as unknown, 'loaded');
});
