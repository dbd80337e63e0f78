/**
 * The flake's modules on a running machine of NixOS's own modules: each is switched to, and does what its page says.
 * docs/real-nixos.md names those that are not, and why.
 */
import assert from 'node:assert/strict';
import { createReadStream, existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runToEnd } from '../../lib/base/process/run.ts';
import { readHistory } from '../../lib/machine/record/history.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import { nix } from '../../lib/store/nix/nix.ts';
import { Deployer } from '../lab/deployer.ts';
import { failsWith, MachineUnderTest } from '../lab/machine-under-test.ts';
import { installedRoot, personIdentity, realSystems } from './real-systems.ts';

const names = ['server', 'people', 'updates', 'updates-next', 'updates-sick', 'ssh-store', 'builders'].map(
  (name) => `module-${name}`,
);
let machine: MachineUnderTest;
let deployer: Deployer;
let systems: Record<string, string>;
let cache: Server | undefined;

before(async () => {
  systems = await realSystems(['plain', ...names]);
  machine = await MachineUnderTest.create('modules', '10.213.73', await installedRoot(systems.plain ?? ''));
  deployer = new Deployer(machine.target.connection);
  await deployer.import(machine.url);
});

after(async () => {
  cache?.close();
  await machine?.remove();
});

async function switchTo(name: string): Promise<void> {
  await deployer.up(systems[name] ?? '', { confirmTimeoutSeconds: 60, activationTimeoutSeconds: 120 });
  await machine.assertOn(systems[name] ?? '', deployer);
}

/** The machine, entered with the people's key. */
const as = (user: string) =>
  machineAt('one', { ...machine.target.connection, user, identityFile: personIdentity });

test('server: keys only, no sleep, a watchdog, and declared state', async () => {
  await switchTo('module-server');
  const sshd = await machine.run('sshd -T -f /etc/ssh/sshd_config');
  for (const line of ['passwordauthentication no', 'kbdinteractiveauthentication no', 'usedns no'])
    assert.match(sshd, new RegExp(`^${line}$`, 'im'));
  assert.match(await machine.run('cat /etc/systemd/sleep.conf'), /AllowSuspend=false/);
  assert.match(await machine.run('cat /etc/systemd/system.conf'), /RuntimeWatchdogSec=30s/);
  assert.equal(await machine.run('stat -c %a /var/lib/app'), '750');
});

test('people: they log in, admins become root, an expired one is refused, and a removed one is gone', async () => {
  await switchTo('module-people');
  // Scripts on machines run as root, by sudo.
  const ada = as('ada');
  assert.equal((await ada.run('id -u')).stdout.trim(), '0');
  await assert.rejects(as('bob').run('id -u'), failsWith('access-denied', /sudo/));
  await assert.rejects(as('guest').run('id -u'), failsWith('access-denied', /Permission denied/));
  assert.match(await machine.run('id -nG bob; id -nG ada'), /^users\nusers wheel$|^users\nwheel users$/);
  await switchTo('plain');
  // Open sessions continue.
  await ada.close();
  await assert.rejects(as('ada').run('id -u'), failsWith('access-denied', /Permission denied/));
});

test('binary cache over ssh: its key reads the store, and can do nothing else', async () => {
  await switchTo('module-ssh-store');
  const { target } = machine;
  const options = as('nix-ssh').store().env.NIX_SSHOPTS;
  const store = `ssh-ng://nix-ssh@${target.connection.address}`;
  const system = systems.plain ?? '';
  const read = await nix(['path-info', '--store', store, system], {
    env: { NIX_SSHOPTS: options },
    timeoutSeconds: 60,
  });
  assert.equal(read.stdout.trim(), system, read.stderr);
  const login = ['-i', personIdentity, ...options.split(' '), `nix-ssh@${target.connection.address}`];
  const { stdout } = await runToEnd('ssh', [...login, 'id -u'], { input: '', timeoutSeconds: 60 });
  assert.doesNotMatch(stdout, /^\d+$/m);
});

test('builders: Nix on the machine has them, with their host keys', async () => {
  await switchTo('module-builders');
  assert.match(
    await machine.run('cat /etc/nix/machines'),
    /^ssh-ng:\/\/nix-ssh@builder\.example\.org riscv64-linux \/root\/\.ssh\/builder .* c3NoLWVkMjU1MTkgQUFBQQ==$/m,
  );
  const settings = await machine.run('nix config show');
  assert.match(settings, /^builders-use-substitutes = true$/m);
  assert.match(settings, /^builders = @\/etc\/nix\/machines$/m);
});

test('updates: the machine pulls a new system from a cache, and a refresh names it', async () => {
  await switchTo('module-updates');
  await serveCache();
  await offer('module-updates-next');
  await machine.run('systemctl start nixos-fleet-pull');
  const next = systems['module-updates-next'] ?? '';
  assert.equal(await machine.run('readlink -f /run/current-system'), next);
  assert.equal(await machine.run('cat /boot/default'), next);
  await deployer.refresh();
  assert.equal(deployer.live.system, next);
  const [last] = await readHistory(machine.target, 1);
  assert.match(last?.by ?? '', /^pull@/);
});

test('updates: a system whose health check fails is rolled back to the exact path', async () => {
  await offer('module-updates-sick');
  const failed = await machine.target.run('systemctl start nixos-fleet-pull', { timeoutSeconds: 300 });
  assert.notEqual(failed.exitCode, 0);
  const next = systems['module-updates-next'] ?? '';
  assert.equal(await machine.run('readlink -f /run/current-system'), next);
  assert.equal(await machine.run('readlink -f /nix/var/nix/profiles/system'), next);
  assert.match((await machine.lastResult())?.reason ?? '', /the health check failed/);
});

/** A binary cache on this computer's end of the lab's network. */
async function serveCache(): Promise<void> {
  const folder = join(machine.state, 'cache');
  const paths = ['next', 'sick'].map((name) => systems[`module-updates-${name}`] ?? '');
  const { exitCode, stderr } = await nix(['copy', '--to', `file://${folder}?compression=none`, ...paths], {
    timeoutSeconds: 600,
  });
  assert.equal(exitCode, 0, stderr);
  cache = createServer(({ url = '' }, response) => {
    const file = join(folder, url);
    if (!existsSync(file)) response.writeHead(404).end();
    else createReadStream(file).pipe(response);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  cache.listen(8073, '10.213.73.1', resolve);
  await promise;
}

/** The flake that the machine follows builds this system. */
async function offer(name: string): Promise<void> {
  const closure = `{ fromStore = "http://10.213.73.1:8073"; fromPath = ${systems[name]}; inputAddressed = true; }`;
  const flake = `{ outputs = _: { nixosConfigurations.one.config.system.build.toplevel = builtins.fetchClosure ${closure}; }; }`;
  await machine.run(`mkdir -p /var/lib/fleet; cat >/var/lib/fleet/flake.nix <<'END'\n${flake}\nEND`);
}
