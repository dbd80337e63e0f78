/** What a user's own ssh_config can change, by the ssh of this computer. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { run } from '../../../../../lib/base/process/run.ts';
import { sshArgs } from '../../../../../lib/machine/ssh/arguments.ts';
import { nixStoreFor } from '../../../../../lib/machine/ssh/nix-store.ts';
import { nixSshEnvironment } from '../../../../../lib/store/nix-environment.ts';
import type { Connection } from '../../../../../schema/connection.ts';
import { sshKeyword, sshKeywords } from '../../../../../schema/ssh-keywords.ts';

const folder = mkdtempSync(join(tmpdir(), 'ssh-config-'));
after(() => rmSync(folder, { recursive: true }));

/** Per keyword that is not the user's: what an ssh_config could say to break the program's connections. */
const hostile: Readonly<Record<string, string>> = {
  BatchMode: 'no',
  CheckHostIP: 'yes',
  ClearAllForwardings: 'no',
  ConnectTimeout: '1',
  ControlMaster: 'auto',
  ControlPath: '/tmp/another-%C',
  ControlPersist: 'yes',
  DynamicForward: '1080',
  ExitOnForwardFailure: 'yes',
  FingerprintHash: 'md5',
  ForkAfterAuthentication: 'yes',
  ForwardAgent: 'yes',
  ForwardX11: 'yes',
  ForwardX11Timeout: '1',
  ForwardX11Trusted: 'no',
  GatewayPorts: 'yes',
  GlobalKnownHostsFile: '/tmp/known',
  HostKeyAlias: 'another',
  HostName: '198.51.100.99',
  IdentityFile: '/tmp/another-key',
  KnownHostsCommand: '/bin/echo another',
  LocalCommand: 'echo local',
  LocalForward: '8080 localhost:80',
  LogLevel: 'QUIET',
  LogVerbose: 'kex.c:*',
  NoHostAuthenticationForLocalhost: 'yes',
  PermitLocalCommand: 'yes',
  PermitRemoteOpen: 'none',
  Port: '2299',
  ProxyJump: 'another',
  RemoteCommand: 'tmux',
  RemoteForward: '8080 localhost:80',
  RequestTTY: 'force',
  ServerAliveCountMax: '9999',
  ServerAliveInterval: '9999',
  SessionType: 'none',
  StdinNull: 'yes',
  StreamLocalBindMask: '0000',
  StreamLocalBindUnlink: 'yes',
  StrictHostKeyChecking: 'no',
  Tunnel: 'yes',
  TunnelDevice: '7:7',
  UpdateHostKeys: 'yes',
  User: 'another',
  UserKnownHostsFile: '/tmp/known',
  VerifyHostKeyDNS: 'yes',
  ProxyUseFdpass: 'yes',
  XAuthLocation: '/tmp/xauth',
};

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
/** Every setting of a connection that decides keywords is set. */
const full: Connection = {
  address: 'web',
  user: 'ops',
  port: 22,
  hostKey,
  identityFile: '/keys/id',
  connectTimeoutSeconds: 15,
};
const throughJump: Connection = { ...full, proxyJump: 'ops@gate:22', proxyJumpHostKey: hostKey };

type Config = Readonly<Record<string, string>>;

/** A file that ssh reads in place of the user's own. */
function userFile(config: Config): string {
  const file = join(folder, `config-${Object.keys(config).join('-').slice(0, 40)}`);
  writeFileSync(
    file,
    Object.entries(config)
      .map((entry) => `${entry.join(' ')}\n`)
      .join(''),
  );
  return file;
}

/** Arguments of ssh with the user's configuration replaced: in the file that they name, or as the file itself. */
function withUserFile(args: readonly string[], config: Config): string[] {
  const at = args.indexOf('-F');
  if (at < 0) return ['-F', userFile(config), ...args];
  const text = readFileSync(args[at + 1] ?? '', 'utf8');
  const replaced = join(folder, 'replaced');
  assert.match(text, /Include ~\/\.ssh\/config\nInclude \/etc\/ssh\/ssh_config\n$/);
  writeFileSync(replaced, text.replace(/(Include .*\n)+$/, `Include ${userFile(config)}\n`));
  return args.with(at + 1, replaced);
}

/** What `ssh -G` prints, one line a keyword. */
async function understood(args: readonly string[]): Promise<string[]> {
  const { stdout } = await run('ssh', ['-G', ...args], { timeoutSeconds: 10 });
  return stdout.split('\n').filter(Boolean);
}

const keywordOf = (line: string) => line.split(' ', 1)[0]?.toLowerCase() ?? '';

/** The lines of the keywords that have an effect; files of keys may be added to ours. */
const effective = (lines: readonly string[]) =>
  lines
    .filter((line) => sshKeyword(keywordOf(line)).by !== 'nobody')
    .filter((line) => !line.startsWith('identityfile ') || line.includes('/keys/id'));

const proxyOf = (lines: readonly string[]) => {
  const command = lines.find((line) => line.startsWith('proxycommand ')) ?? '';
  const [, file = '', host = ''] = /-F (\S+) -W '\[%h\]:%p' -- (\S+)$/.exec(command) ?? [];
  return ['-F', file, host];
};

/** Checks that the user's configuration changes nothing, with all lines at once and with each alone. */
async function unchangedBy(args: readonly string[], names: readonly string[]): Promise<void> {
  const plain = effective(await understood(withUserFile(args, {})));
  const lineOf = (name: string): Config => ({ [name]: hostile[name] ?? '' });
  for (const config of [Object.assign({}, ...names.map(lineOf)), ...names.map(lineOf)] as Config[]) {
    const lines = effective(await understood(withUserFile(args, config)));
    const changed = lines.filter((line) => !plain.includes(line));
    assert.deepEqual([changed, lines.length], [[], plain.length], Object.entries(config).join());
  }
}

const decided = Object.entries(sshKeywords)
  .filter(([, { by }]) => by !== 'user' && by !== 'file')
  .map(([name]) => name);

test('each keyword that is not the user’s has a line that would break a connection', () => {
  const missing = decided.filter((name) => hostile[name] === undefined);
  assert.deepEqual(missing, []);
});

test('every keyword that this ssh knows is in the table', async () => {
  const printed = (await understood(['-F', 'none', 'web'])).map(keywordOf).filter((name) => name !== 'host');
  const page = '/usr/share/man/man5/ssh_config.5.gz';
  const text = existsSync(page) ? gunzipSync(readFileSync(page)).toString() : '';
  const documented = [...text.matchAll(/^\.It Cm ([A-Z]\w+)$/gm)].map(([, name = '']) => name.toLowerCase());
  const known = new Set(Object.keys(sshKeywords).map((name) => name.toLowerCase()));
  assert.deepEqual(
    [...printed, ...documented].filter((name) => !known.has(name)),
    [],
  );
});

/** All but `names`, which are the user's in that place. */
const but = (...names: string[]) => decided.filter((name) => !names.includes(name));

test('a user’s ssh_config changes nothing that is decided for a machine (faults 21, 22, 23)', async () => {
  // Without proxyJump the way is the user's; an alias always has a name of its own.
  const names = but('HostName', 'ProxyJump');
  await unchangedBy(sshArgs(full), names);
  await unchangedBy(sshArgs(full, { fresh: true }), names);
});

test('a user’s ssh_config changes nothing that is decided for a jump host and a machine behind it (fault 22)', async () => {
  const target = sshArgs(throughJump);
  await unchangedBy(target, [...but('HostName'), 'ProxyUseFdpass']);
  await unchangedBy(proxyOf(await understood(target)), but('HostName', 'ProxyJump'));
});

test('a user’s ssh_config changes nothing that is decided for builders and for copies (faults 21, 22, 28)', async () => {
  const asNix = (options: string) => [
    ...options.split(' '),
    ...['-i', '/keys/id', '-oUserKnownHostsFile=/tmp/host-key', '-p22'],
    ...['-oPermitLocalCommand=yes', '-oLocalCommand=echo started', '-l', 'ops', 'web'],
  ];
  const copy = asNix(nixStoreFor(full).env.NIX_SSHOPTS);
  await unchangedBy(copy, but('HostName', 'ProxyJump'));
  const builder = asNix(nixSshEnvironment(10).NIX_SSHOPTS);
  // An alias and its names are the user's: the wrong name finds no key.
  await unchangedBy(builder, but('HostName', 'ProxyJump', 'HostKeyAlias', 'CheckHostIP'));
  for (const args of [copy, builder]) {
    const lines = await understood(args);
    assert.ok(lines.includes('permitlocalcommand yes') && lines.includes('localcommand echo started'));
  }
});
