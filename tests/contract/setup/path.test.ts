import assert from 'node:assert/strict';
import { access, chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pulumiVersion, Sandbox, setup } from './sandbox.ts';

const libraries = ['common', 'version', 'fetch', 'node', 'pulumi', 'nix'];

test('a tool on the PATH that is new enough is used', async (t) => {
  const sandbox = await Sandbox.create(t);
  await sandbox.program('node', 'echo v24.18.0');
  await sandbox.program('pulumi', 'echo v3.210.0');
  await sandbox.program('pulumi-language-nodejs', 'exit 1');
  await sandbox.program('nix', "echo 'nix (Nix) 2.28.3'");
  const result = await sandbox.sh(
    libraries,
    'ensure_node; ensure_pulumi; ensure_nix; echo "[$node_path][$pulumi_path][$nix_path][$nix_conf]"',
  );
  assert.equal(result.code, 0, result.stderr);
  assert.equal(result.stdout, '[][][][]\n');
  assert.match(result.stderr, /node: v24\.18\.0 is on the PATH/);
  assert.match(result.stderr, /pulumi: v3\.210\.0 is on the PATH/);
  assert.match(result.stderr, /nix: nix \(Nix\) 2\.28\.3 is on the PATH/);
  await assert.rejects(access(join(sandbox.root, 'nix')), 'no /nix is made where Nix is there');
});

test('a tool on the PATH that is too old is replaced by the cached one', async (t) => {
  const sandbox = await Sandbox.create(t);
  await sandbox.program('node', 'echo v20.20.2');
  await sandbox.program('node', 'echo v24.21.0', join(sandbox.cache, 'node-24.21.0/bin'));
  await sandbox.program('pulumi', 'echo v3.120.0');
  const cached = join(sandbox.cache, `pulumi-${pulumiVersion}`);
  await sandbox.program('pulumi', `echo v${pulumiVersion}`, join(cached, 'bin'));
  await sandbox.program('pulumi-language-nodejs', '', join(cached, 'bin'));
  await sandbox.sh([], `echo go > '${cached}/from'`);
  const result = await sandbox.sh(
    libraries,
    'ensure_node; ensure_pulumi; echo "$node_path"; echo "$pulumi_path"; echo "closed=$pulumi_closed"',
  );
  assert.equal(result.code, 0, result.stderr);
  assert.equal(
    result.stdout,
    `${join(sandbox.cache, 'node-24.21.0/bin')}\n${join(cached, 'bin')}\nclosed=1\n`,
  );
});

test('an installed Nix that only login shells have on their PATH is used', async (t) => {
  const sandbox = await Sandbox.create(t);
  await sandbox.program('nix', 'echo too old 2.8.1');
  const profile = join(sandbox.root, 'nix/var/nix/profiles/default/bin');
  await sandbox.program('nix', "echo 'nix (Nix) 2.30.1'", profile);
  const result = await sandbox.sh(libraries, 'ensure_nix; echo "[$nix_path][$nix_conf]"');
  assert.equal(result.code, 0, result.stderr);
  assert.equal(result.stdout, `[${profile}][]\n`);
});

test('an installed Pulumi without a Node.js language host gets one from the cache', async (t) => {
  const sandbox = await Sandbox.create(t);
  await sandbox.program('pulumi', 'echo v3.230.0');
  const host = join(sandbox.cache, 'language-nodejs-1/bin');
  await sandbox.program('pulumi-language-nodejs', '', host);
  const result = await sandbox.sh(libraries, 'ensure_pulumi; echo "$pulumi_path"');
  assert.equal(result.code, 0, result.stderr);
  assert.equal(result.stdout, `${host}\n`);
});

/** Runs shell code as a user who owns nothing. */
function asNobody(sandbox: Sandbox, code: string) {
  const sources = libraries.map((name) => `. '${setup}/lib/${name}.sh'\n`).join('');
  const shell = ['/bin/sh', '-euc', `${sources}fleet_home=/nonexistent\n${code}`];
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const command = process.getuid?.() === 0 ? [...nobody, ...shell] : shell;
  return sandbox.run(command[0] ?? '', command.slice(1), {
    NIXOS_FLEET_NIX_ROOT: join(sandbox.root, 'top/nix'),
  });
}

test('without root and without /nix, it stops with an error and a fix', async (t) => {
  const sandbox = await Sandbox.create(t);
  await chmod(sandbox.root, 0o755);
  await mkdir(join(sandbox.root, 'top'), { mode: 0o555 });
  const result = await asNobody(sandbox, 'ensure_nix');
  assert.equal(result.code, 1);
  assert.match(result.stderr, /error: Nix cannot be installed without root/);
  assert.match(result.stderr, /why: .*only root can create/);
  assert.match(result.stderr, /fix: {2}run this as root, or once 'sudo install -d/);
});

test('a read-only /nix of another Nix is an error that says so', async (t) => {
  const sandbox = await Sandbox.create(t);
  await chmod(sandbox.root, 0o755);
  await mkdir(join(sandbox.root, 'top/nix/store'), { recursive: true });
  await chmod(join(sandbox.root, 'top/nix/store'), 0o555);
  const result = await asNobody(sandbox, 'ensure_nix');
  assert.equal(result.code, 1);
  assert.match(result.stderr, /belongs to another Nix and \S+ may not write to it/);
});

test('without Go, npm and release pages, each error names what to install', async (t) => {
  const sandbox = await Sandbox.create(t);
  for (const tool of [
    'sed',
    'date',
    'cat',
    'mkdir',
    'uname',
    'mktemp',
    'chmod',
    'rm',
    'id',
    'awk',
    'dirname',
    'sort',
    'tr',
    'stat',
  ]) {
    await sandbox.program(tool, `exec /usr/bin/${tool} "$@"`);
  }
  const environment = { PATH: sandbox.bin };
  const node = await sandbox.sh(libraries, 'ensure_node', environment);
  assert.equal(node.code, 1);
  assert.match(node.stderr, /fix: {2}install Node\.js ≥ 24/);
  const pulumi = await sandbox.sh(libraries, 'ensure_pulumi', environment);
  assert.equal(pulumi.code, 1);
  assert.match(pulumi.stderr, /is not on the PATH/);
  assert.match(pulumi.stderr, /fix: {2}install Pulumi ≥ 3\.200/);
  const debs = await sandbox.run('/bin/sh', [join(setup, 'debs'), 'forky', 'out', 'nix-bin'], {
    ...environment,
  });
  assert.equal(debs.code, 1);
  assert.match(debs.stderr, /this computer has no apt-get/);
});
