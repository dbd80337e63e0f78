/** Connections to machines with real sshd, sudo and doas: who gets root, and that passwords do not leak. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { FleetError } from '../../lib/base/errors.ts';
import { runToEnd } from '../../lib/base/process/run.ts';
import { shellQuote } from '../../lib/base/quote.ts';
import { ensureLabBase } from '../../lib/local/lab/base.ts';
import { deleteMachine, ensureMachine, type LabMachine } from '../../lib/local/lab/machine.ts';
import { deleteNetwork, ensureNetwork } from '../../lib/local/lab/network.ts';
import { copyToMachine } from '../../lib/machine/copy-to-machine.ts';
import { runHealthChecks } from '../../lib/machine/health/health-checks.ts';
import { readMachine } from '../../lib/machine/read-machine.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import { type Connection, connection as connectionSchema } from '../../schema/connection.ts';
import { healthCheck } from '../../schema/health-check.ts';
import { CliProject } from '../contract/cli-project.ts';
import { Deployer } from './deployer.ts';
import { fixtureSystem, type Hooks } from './fixture-system.ts';
import { watchProcesses } from './watch-processes.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const lab = `entry-${process.pid}`;
const request = { lab, name: 'one', address: '10.213.30.11', base: '' };
const gateRequest = { lab, name: 'gate', address: '10.213.30.12', base: '' };
/** Addresses that only the jump host reaches. */
const behind = { one: '198.51.100.11', gate: '198.51.100.12' };
// No other test has this word: all processes of this computer are watched.
const canary = 'Gartenrotschwanz-"\'$(id)\\ ü';
const traces = [canary.slice(0, 13), Buffer.from(canary).toString('base64').slice(0, 16)];
const state = mkdtempSync(join(tmpdir(), 'nixos-fleet-entry-'));
const machines: Record<string, LabMachine> = {};
const at = (connection: Connection) => machineAt('one', connection);
let root: Connection;
let admin: Connection;
let withPassword: Connection;

/** A command with a text as its input. printf is a builtin, so the text is in no argument list. */
const withInput = (command: string, text: string) => `printf '%s\\n' ${shellQuote(text)} | ${command}\n`;

before(async () => {
  process.env.XDG_STATE_HOME = state;
  request.base = gateRequest.base = (await ensureLabBase()).base;
  const hosts = { one: request.address, gate: gateRequest.address };
  const { identityFile } = await ensureNetwork({ lab, cidr: '10.213.30.0/24', hosts });
  for (const each of [request, gateRequest]) {
    const machine = await ensureMachine(each);
    machines[each.name] = machine;
    const { hostKey } = machine;
    const connection = connectionSchema.parse({
      address: each.address,
      hostKey,
      identityFile,
      connectTimeoutSeconds: 3,
    });
    if (each === request) root = connection;
    await asRoot(`ip address add ${behind[each.name as 'one' | 'gate']}/24 dev host0`, connection);
  }
  admin = { ...root, user: 'admin' };
  withPassword = { ...admin, becomePassword: canary };
  await asRoot(`useradd --create-home --shell /bin/bash admin
    ${withInput('chpasswd', `admin:${canary}`)}
    install -d -o admin -g admin -m 700 /home/admin/.ssh
    install -o admin -g admin -m 600 /root/.ssh/authorized_keys /home/admin/.ssh/authorized_keys`);
});

after(async () => {
  for (const connection of [root, admin]) if (connection) await at(connection).close();
  for (const { name } of [request, gateRequest]) await deleteMachine(lab, name);
  await deleteNetwork(lab);
  rmSync(state, { recursive: true, force: true });
});

/** Runs a script with root's own login; asserts that it succeeds. */
async function asRoot(script: string, connection = root): Promise<string> {
  const { exitCode, stdout, stderr } = await at(connection).run(script);
  assert.equal(exitCode, 0, stderr);
  return stdout.trim();
}

/** Sets the sudo rule of admin. */
const sudoers = (rule: string) =>
  asRoot(`printf '%s\\n' 'admin ALL=(ALL:ALL) ${rule}ALL' >/etc/sudoers.d/admin`);
const system = (name: string, hooks: Hooks = {}) =>
  fixtureSystem(name, { test: 'systemctl start ssh.service', ...hooks });
const liveSystem = async () => (await readMachine(at(root))).system;

const failsWith = (code: FleetError['code'], message: RegExp) => (error: FleetError) => {
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  assert.ok(!traces.some((trace) => error.message.includes(trace)));
  return true;
};

/** Deploys and asserts that the password is in no process, environment or status line. */
async function deployWatched(connection: Connection, path: string): Promise<void> {
  const deployer = new Deployer(connection);
  const running = deployer.up(path);
  const { found, seen } = await watchProcesses(traces, running, { environments: true });
  await running;
  assert.deepEqual(found, []);
  assert.ok(seen.has('sudo') && seen.has('ssh'), [...seen].join(' '));
  assert.equal(await liveSystem(), path);
  assert.ok(!traces.some((trace) => deployer.lines.join('\n').includes(trace)));
}

/** Number of refused passwords in the machine's log. */
const refusals = async () =>
  Number(
    await asRoot(
      'journalctl --sync; journalctl --no-pager | grep -c "sudo:auth): authentication failure" || true',
    ),
  );

test('sudo with a password: the whole closure is copied, and no process shows the password', async () => {
  await sudoers('');
  await deployWatched(
    withPassword,
    await system('with-password', { files: { filling: 'x'.repeat(5 << 20) } }),
  );
});

test('a copy with a password sends only what the machine lacks', async () => {
  const path = await system('lacking');
  const lines: string[] = [];
  const copy = () =>
    copyToMachine(at(withPassword), { paths: [path], onProgress: (line) => lines.push(line) });
  await copy();
  assert.match(lines.join('\n'), /^copying 1 paths/);
  lines.length = 0;
  await copy();
  assert.deepEqual(lines, []);
  assert.equal(await asRoot(`nix-store --verify-path ${path} && echo valid`), 'valid');
});

test('a wrong password is an error after one attempt, and changes nothing', async () => {
  const before = await liveSystem();
  const refused = await refusals();
  const wrong = new Deployer({ ...withPassword, becomePassword: `${canary}!` });
  await assert.rejects(
    wrong.up(await system('wrong-password')),
    failsWith('access-denied', /sudo refused the password of admin/),
  );
  assert.equal(await liveSystem(), before);
  assert.equal((await refusals()) - refused, 1);
});

test('a missing sudo password is an error that names becomePassword', async () => {
  await assert.rejects(
    new Deployer(admin).up(await system('no-password')),
    failsWith('access-denied', /a password is required.*\n.*set becomePassword/),
  );
});

test('sudo without a password works with becomePassword set, and the password is not sent', async () => {
  await sudoers('NOPASSWD: ');
  await deployWatched(withPassword, await system('asks-none'));
  await deployWatched(admin, await system('by-nix-copy'));
});

test('a copy with a password that fills the disk fails with no-room', async () => {
  await sudoers('');
  const big = await system('big', { files: { filling: 'x'.repeat(24 << 20) } });
  const before = await liveSystem();
  await asRoot(`mkdir -p /run/overlay && mount -t tmpfs -o size=8m none /run/overlay
    mkdir /run/overlay/upper /run/overlay/work
    mount -t overlay -o lowerdir=/nix/store,upperdir=/run/overlay/upper,workdir=/run/overlay/work none /nix/store`);
  try {
    await assert.rejects(new Deployer(withPassword).up(big), failsWith('no-room', /[Nn]o space left/));
  } finally {
    await asRoot('umount /nix/store; umount /run/overlay');
  }
  assert.equal(await liveSystem(), before);
});

test('a copy with a password can be cancelled', async () => {
  const path = await system('cancelled', { files: { filling: 'y'.repeat(64 << 20) } });
  const controller = new AbortController();
  const onProgress = (line: string) => {
    if (/[1-9]\d* MiB/.test(line)) controller.abort();
  };
  const copy = copyToMachine(at(withPassword), {
    paths: [path],
    onProgress,
    signal: controller.signal,
  });
  await assert.rejects(copy, failsWith('cancelled', /the copy was cancelled/));
});

test('doas without a password', async () => {
  await asRoot('rm /etc/sudoers.d/admin');
  const byDoas: Connection = { ...admin, become: 'doas' };
  const path = await system('doas');
  await assert.rejects(
    new Deployer(byDoas).up(path),
    failsWith('access-denied', /doas: .*\n.*doas\.extraRules/),
  );
  await asRoot("umask 077; echo 'permit nopass admin as root' >/etc/doas.conf");
  await new Deployer(byDoas).up(path);
  assert.equal(await liveSystem(), path);
});

test('a jump host: its key must be known, and every connection goes through it', async () => {
  const { gate } = machines;
  assert.ok(gate);
  const direct: Connection = { ...root, address: behind.one };
  await assert.rejects(readMachine(at(direct)), failsWith('unreachable', /./));
  const proxyJump = `root@${gate.address}:22`;
  const unknown = { ...direct, proxyJump };
  await assert.rejects(readMachine(at(unknown)), failsWith('host-key', /jump host 10\.213\.30\.12/));
  const otherKey = { ...unknown, proxyJumpHostKey: root.hostKey };
  await assert.rejects(readMachine(at(otherKey)), failsWith('host-key', /jump host 10\.213\.30\.12/));
  const through = { ...unknown, proxyJumpHostKey: gate.hostKey };
  const path = await system('through');
  await new Deployer(through).up(path);
  assert.equal(await liveSystem(), path);
  const stranger = { ...through, proxyJump: `nobody@${gate.address}` };
  await assert.rejects(readMachine(at(stranger)), failsWith('access-denied', /refused at the jump host/));
  await at(through).close();
});

test('health checks of ports run from the jump host', async () => {
  const { gate } = machines;
  const proxyJump = `root@${gate?.address}:22`;
  const through: Connection = { ...root, address: behind.one, proxyJump, proxyJumpHostKey: gate?.hostKey };
  const check = (settings: object, connection = through) =>
    runHealthChecks(at(connection), { port: healthCheck.parse({ timeoutSeconds: 5, ...settings }) });
  const server = String.raw`$all = IO::Socket::INET->new(LocalPort => 8080, Listen => 5) or die;
    while ($one = $all->accept) { <$one>; print $one "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"; close $one }`;
  await asRoot(`${withInput('cat >/root/page.pl', server)}
    systemd-run --quiet --unit=page perl -MIO::Socket::INET /root/page.pl`);
  assert.deepEqual(await check({ tcp: 8080 }), []);
  assert.deepEqual(await check({ http: { url: `http://${behind.one}:8080/`, status: 204 } }), []);
  assert.match(
    (await check({ tcp: 8081 })).join(),
    /did not pass within 5 s: connect failed: Connection refused/,
  );
  const otherKey = { ...through, proxyJumpHostKey: root.hostKey };
  assert.match((await check({ tcp: 8080 }, otherKey)).join(), /Host key verification failed/);
  await asRoot('systemctl stop page.service');
});

test('sshOptions apply to every connection, the copy’s too', async () => {
  // This computer reaches the address only through this ProxyCommand.
  const { gate } = machines;
  const key = `${root.identityFile}`;
  const known = join(state, 'known_hosts');
  writeFileSync(known, `${gate?.address} ${gate?.hostKey}\n`);
  const proxyCommand = `ssh -o BatchMode=yes -o UserKnownHostsFile=${known} -i ${key} -W %h:%p root@${gate?.address}`;
  const connection: Connection = { ...root, address: behind.one, sshOptions: { ProxyCommand: proxyCommand } };
  const path = await system('options');
  await new Deployer(connection).up(path);
  assert.equal(await liveSystem(), path);
  await at(connection).close();
  const misspelt = { ...root, sshOptions: { Compresion: 'yes' } };
  await assert.rejects(readMachine(at(misspelt)), failsWith('config-invalid', /Compresion|compresion/));
});

/** Puts an ssh on PATH whose user has this ssh_config, for as long as `body` runs. */
async function withUserConfig(lines: readonly string[], body: () => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(state, 'user-'));
  const path = process.env.PATH;
  const ssh = await runToEnd('sh', ['-c', 'command -v ssh']);
  writeFileSync(join(folder, 'config'), lines.map((line) => `${line}\n`).join(''));
  writeFileSync(join(folder, 'ssh'), `#!/bin/sh\nexec ${ssh.stdout.trim()} -F ${folder}/config "$@"\n`, {
    mode: 0o755,
  });
  process.env.PATH = `${folder}:${path}`;
  try {
    await body();
  } finally {
    process.env.PATH = path;
  }
}

test('an ssh_config that changes sessions changes neither commands nor copies (faults 21, 23)', async () => {
  const lines = [
    'RemoteCommand echo another',
    'RequestTTY force',
    'SessionType none',
    'StdinNull yes',
    'PermitLocalCommand yes',
    'LocalCommand echo local',
    'LocalForward 127.0.0.1:8022 127.0.0.1:22',
    'ExitOnForwardFailure yes',
    'LogLevel QUIET',
  ];
  await withUserConfig(lines, async () => {
    await at(root).close();
    const path = await system('user-config');
    // Over the shared connection and over new ones beside it.
    await new Deployer(root).up(path);
    assert.equal(await liveSystem(), path);
    assert.equal((await at(root).run('cat', { fresh: true })).stdout, '');
    const refused = { ...root, identityFile: '/nonexistent' };
    await assert.rejects(readMachine(at(refused)), failsWith('access-denied', /Permission denied/));
    await at(root).close();
  });
});

test('beside hostKey no other source of keys counts (fault 22)', async () => {
  const { hostKey = '' } = machines.one ?? {};
  const lines = [
    `KnownHostsCommand /bin/echo ${root.address} ${hostKey}`,
    'VerifyHostKeyDNS yes',
    'StrictHostKeyChecking no',
    'NoHostAuthenticationForLocalhost yes',
  ];
  await withUserConfig(lines, async () => {
    const otherKey = { ...root, hostKey: machines.gate?.hostKey };
    await assert.rejects(readMachine(at(otherKey)), failsWith('host-key', /not the expected one/));
  });
});

test('a .bashrc that prints or reads is named, for scripts and for copies (fault 56)', async () => {
  const bashrc = (line: string) => writeFileSync(join(machines.one?.root ?? '', 'root/.bashrc'), `${line}\n`);
  const path = await system('bashrc');
  try {
    bashrc('echo Welcome to one');
    assert.equal(await asRoot('echo answer'), 'answer');
    await assert.rejects(
      copyToMachine(at(root), { paths: [path] }),
      failsWith('copy-failed', /login shell prints(.|\n)*Welcome to one(.|\n)*\.bashrc/),
    );
    bashrc('cat >/dev/null');
    await assert.rejects(readMachine(at(root)), failsWith('command-failed', /login shell of root reads/));
  } finally {
    rmSync(join(machines.one?.root ?? '', 'root/.bashrc'));
  }
});

/** Copies Node and the project to the machine, which then deploys itself. Returns the command. */
function installOperator(): string {
  const folder = join(machines.one?.root ?? '', 'opt/fleet');
  mkdirSync(join(folder, 'lib-of-node'), { recursive: true });
  for (const part of ['lib', 'schema', 'provider', 'nix/modules/scripts', 'tests/lab', 'package.json'])
    cpSync(join(project, part), join(folder, part), { recursive: true });
  // Not needed for a deployment.
  const needless = ['@pulumi', '@biomejs', '@types', '@grpc', 'typescript', 'google-protobuf'];
  const modules = realpathSync(join(project, 'node_modules'));
  for (const name of readdirSync(modules)) {
    if (!name.startsWith('.') && !needless.includes(name))
      cpSync(join(modules, name), join(folder, 'node_modules', name), { recursive: true });
  }
  cpSync(realpathSync(process.execPath), join(folder, 'node'));
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
  for (const file of sharedObjects.filter((name) => /libstdc\+\+|libgcc_s/.test(name)))
    cpSync(realpathSync(file), join(folder, 'lib-of-node', file.split('/').at(-1) ?? ''));
  return 'cd / && LD_LIBRARY_PATH=/opt/fleet/lib-of-node exec /opt/fleet/node /opt/fleet/tests/lab/deploy-once.ts';
}

test('a local machine is deployed without ssh, by root and by a user with a sudo password', async () => {
  const operate = installOperator();
  const healthChecks = {
    ssh: { tcp: 22, timeoutSeconds: 10 },
    root: { command: '[ "$(id -u)" = 0 ]', timeoutSeconds: 10 },
  };
  const first = await system('local-by-root');
  const second = await system('local-by-user');
  await copyToMachine(at(root), { paths: [first, second] });
  await asRoot('systemctl stop ssh.socket 2>/dev/null; true');
  const byRoot = JSON.stringify({ connection: { local: true }, system: first, healthChecks });
  const output = await asRoot(withInput(`(${operate})`, byRoot));
  assert.match(output, /health check ssh: passed/);
  assert.equal(await liveSystem(), first);
  await sudoers('');
  const byUser = JSON.stringify({
    connection: { local: true, becomePassword: canary },
    system: second,
    healthChecks,
  });
  const running = asRoot(withInput(`su admin -c ${shellQuote(operate)}`, byUser));
  const { found, seen } = await watchProcesses(traces, running, { environments: true });
  assert.match(await running, /health check root: passed/);
  assert.deepEqual(found, []);
  assert.ok(seen.has('sudo'), [...seen].join(' '));
  assert.equal(await liveSystem(), second);
  assert.equal((await readMachine(at(root))).record?.by.startsWith('admin@'), true);
});

test('the password is encrypted in the state however it was given, and is never shown', async () => {
  const stack = new CliProject({ ENTRY_PASSWORD: canary });
  try {
    const components = join(project, 'components/index.ts');
    const connection = JSON.stringify(admin);
    writeFileSync(
      join(stack.folder, 'index.ts'),
      `import * as pulumi from '@pulumi/pulumi';
import { Deployment, Secret } from '${components}';
const connection = { ...${connection}, becomePassword: process.env.ENTRY_PASSWORD };
new Secret('plain', { host: 'one', connection, path: '/run/keys/plain', value: 'v' });
new Secret('later', { host: 'one', connection: pulumi.output(connection), path: '/run/keys/later', value: 'v' });
new Deployment('one', { host: 'one', connection, system: ${JSON.stringify(await liveSystem())} });
`,
    );
    await stack.pulumi('stack', 'init', 'test');
    const up = await stack.pulumi('up', '--yes', '--skip-preview', '--diff');
    assert.equal(up.exitCode, 0, up.text);
    assert.ok(!up.text.includes(traces[0] ?? ''));
    assert.equal(await asRoot('ls /run/keys'), 'later\nplain');
    const refreshed = await stack.pulumi('refresh', '--yes', '--diff', '--skip-preview');
    assert.equal(refreshed.exitCode, 0, refreshed.text);
    const recorded = await stack.recorded();
    assert.equal(recorded.length, 3);
    for (const { inputs, outputs } of recorded) {
      for (const { connection: kept } of [inputs, outputs] as { connection: { becomePassword: object } }[])
        assert.ok('ciphertext' in kept.becomePassword, JSON.stringify(kept));
    }
    const { stdout } = await runToEnd('grep', ['-rlFa', traces[0] ?? '', stack.folder], {
      timeoutSeconds: 60,
    });
    assert.equal(stdout, '');
    const { text, exitCode } = await stack.pulumi('destroy', '--yes', '--skip-preview');
    assert.equal(exitCode, 0, text);
    assert.ok(!text.includes(traces[0] ?? ''));
    assert.equal(await asRoot('ls /run/keys'), '');
  } finally {
    stack.remove();
  }
});

test('closing the shared connection does not end a command that runs over it', async () => {
  const begun = Promise.withResolvers<void>();
  const script = 'mkfifo /run/go; echo begun >&2; read -r word </run/go; rm /run/go; echo "$word"\n';
  const running = at(root).run(script, { onStderrLine: () => begun.resolve() });
  await Promise.race([begun.promise, running]);
  await at(root).close();
  await asRoot('echo went >/run/go');
  assert.equal((await running).stdout, 'went\n');
});

test('the password is in no file and no log of the machine', async () => {
  const words = traces.map((trace) => `-e ${shellQuote(trace)}`).join(' ');
  const places = '/run /tmp /var /etc /root /home /nix/var /dev/shm';
  assert.equal(await asRoot(`grep -rlFa --devices=skip ${words} ${places} || true`), '');
  assert.equal(await asRoot(`journalctl --no-pager | grep -cF ${words} || true`), '0');
});
