/** sudo by a key in the operator's agent, and bootstrap users, on a machine with real sshd, sudo and PAM. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { FleetError } from '../../lib/base/errors.ts';
import { run } from '../../lib/base/process/run.ts';
import { readMachine } from '../../lib/machine/read-machine.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import type { Connection } from '../../schema/connection.ts';
import { Deployer } from './deployer.ts';
import { fixtureSystem, type Hooks } from './fixture-system.ts';
import { MachineUnderTest } from './machine-under-test.ts';

let machine: MachineUnderTest;
let agentKey: string;
let agent: ChildProcess;
const at = (connection: Connection) => machineAt('one', connection);
let root: Connection;

before(async () => {
  machine = await MachineUnderTest.create('people', '10.213.38');
  root = { ...machine.target.connection, connectTimeoutSeconds: 5 };
  agentKey = join(machine.state, 'agent-key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', agentKey], { timeoutSeconds: 30 });
  process.env.SSH_AUTH_SOCK = join(machine.state, 'agent');
  agent = spawn('ssh-agent', ['-D', '-a', process.env.SSH_AUTH_SOCK], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // Prints its address once it listens.
  if (agent.stdout) await once(agent.stdout, 'data');
});

after(async () => {
  agent?.kill();
  for (const user of ['root', 'admin', 'ops'])
    if (root) for (const forwardAgent of [true, false]) await at({ ...root, user, forwardAgent }).close();
  await machine?.remove();
});

/** Runs a script with root's own login; asserts that it succeeds. */
async function asRoot(script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await at(root).run(script);
  assert.equal(exitCode, 0, stderr);
  return stdout.trim();
}

/** Creates a user with root's authorized keys. */
const createUser = (name: string) =>
  `useradd --create-home --shell /bin/bash ${name}
   install -d -o ${name} -g ${name} -m 700 /home/${name}/.ssh
   install -o ${name} -g ${name} -m 600 /root/.ssh/authorized_keys /home/${name}/.ssh/authorized_keys`;
const sudoRule = (name: string) => `echo '${name} ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/${name}`;
const system = (name: string, hooks: Hooks = {}) =>
  fixtureSystem(`people-${name}`, { test: 'systemctl start ssh.service', ...hooks });
const failsWith = (code: FleetError['code'], message: RegExp) => (error: FleetError) => {
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

test('sudo by a key in the operator’s agent deploys without a password; without the key it is refused', async () => {
  // With the expiry of nixosFleet.people, which the PAM module must ignore.
  const key = `expiry-time="20990101" ${readFileSync(`${agentKey}.pub`, 'utf8').trim()}`;
  await asRoot(`${createUser('admin')}
    ${sudoRule('admin')}
    mkdir -p /etc/ssh/authorized_keys.d && echo '${key}' >/etc/ssh/authorized_keys.d/admin`);
  const admin: Connection = { ...root, user: 'admin' };
  const forwarding: Connection = { ...admin, forwardAgent: true };
  const add = (...args: string[]) => run('ssh-add', ['-q', ...args], { timeoutSeconds: 30 });
  await add(agentKey);
  // As NixOS writes them for nixosFleet.agentSudo. The deployment starts under the old rules and confirms under these.
  const rules = await system('agent-rules', {
    test: `systemctl start ssh.service
      printf '%s\\n' 'admin ALL=(ALL:ALL) ALL' 'Defaults env_keep+=SSH_AUTH_SOCK' 'Defaults noninteractive_auth' >/etc/sudoers.d/admin
      grep -q agent_auth /etc/pam.d/sudo || sed -i '1i auth sufficient pam_ssh_agent_auth.so file=/etc/ssh/authorized_keys.d/%u' /etc/pam.d/sudo`,
  });
  await new Deployer(forwarding).up(rules);
  assert.equal((await readMachine(at(root))).system, rules);

  const path = await system('agent');
  await assert.rejects(
    new Deployer(admin).up(path),
    failsWith('access-denied', /user admin has no root rights/),
  );
  await add('-D');
  // This key logs in, but is not authorized for sudo.
  await add(root.identityFile ?? '');
  await assert.rejects(
    new Deployer(forwarding).up(path),
    failsWith('access-denied', /ssh-add -l[\s\S]*nixosFleet\.agentSudo/),
  );
  await add(agentKey);
  await new Deployer(forwarding).up(path);
  assert.equal((await readMachine(at(root))).system, path);
  await add('-D');
  await assert.rejects(
    new Deployer(forwarding).up(await system('agent-again')),
    failsWith('access-denied', /./),
  );
});

test('the bootstrap user of a first deployment is removed after it, with keys and home', async () => {
  const before = (await readMachine(at(root))).system;
  await asRoot(`${createUser('install')}
    ${sudoRule('install')}`);
  const first: Connection = { ...root, user: 'ops', bootstrapUser: 'install' };
  const installed = () => asRoot('id install >/dev/null 2>&1 && echo yes || echo no');

  // A system that lacks the regular user is rolled back, and the bootstrap user stays for the next attempt.
  const without = new Deployer(first);
  await assert.rejects(without.up(await system('without-ops')), failsWith('not-confirmed', /./));
  assert.equal((await readMachine(at(root))).system, before);
  assert.equal(await installed(), 'yes');

  const path = await system('with-ops', {
    test: `systemctl start ssh.service; id ops || { ${createUser('ops')}; ${sudoRule('ops')}; }`,
  });
  const deployer = new Deployer(first);
  await deployer.up(path);
  assert.equal(deployer.live.system, path);
  assert.match(deployer.lines.join('\n'), /one: the user install of the installation was removed/);
  assert.equal(await installed(), 'no');
  assert.equal(
    await asRoot('ls /home; ls /etc/sudoers.d; pgrep -u install || true'),
    'admin\nops\nREADME\nadmin\nops',
  );
  await assert.rejects(
    readMachine(at({ ...root, user: 'install' }), { fresh: true }),
    failsWith('access-denied', /the login was refused/),
  );
  // bootstrapUser may stay in the config, without effect.
  await deployer.up(await system('later'));
  assert.doesNotMatch(deployer.lines.join('\n'), /was removed/);
  // A user that the system itself declares is not removed.
  const wrong = new Deployer({ ...first, bootstrapUser: 'daemon' });
  await assert.rejects(
    wrong.up(await system('wrong-name')),
    failsWith('bootstrap-user', /daemon is still on the machine[\s\S]*a system user/),
  );
  assert.ok(wrong.recorded, 'the machine is deployed nevertheless');
  assert.match(await asRoot('id daemon'), /daemon/);
});

test('the home of a bootstrap user that the system dropped is removed, and other homes stay', async () => {
  await asRoot(`${createUser('install')}
    ${sudoRule('install')}; ${createUser('stays')}`);
  const path = await system('drops', {
    test: 'systemctl start ssh.service; userdel --force install || true',
  });
  const connection: Connection = { ...root, user: 'ops', bootstrapUser: 'install' };
  await new Deployer(connection).up(path);
  assert.equal(await asRoot('ls /home'), 'admin\nops\nstays');
});
