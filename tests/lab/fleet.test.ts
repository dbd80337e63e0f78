/** The dev stack by the real Pulumi CLI: three machines are created, deployed, changed, imported and destroyed. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../../lib/base/process/run.ts';
import { type Live, TestStack } from './stack.ts';

const network = '10.213.21';
let stack: TestStack;
let removed = false;

before(async () => {
  stack = await TestStack.create({ stack: 'test', network });
  // A system that no other stack on this computer uses, so that it can be deleted from the store.
  stack.edit(
    'nix/lab/hosts/db.nix',
    'kernelParams = [',
    `kernelParams = [ "fleet.test=${basename(stack.folder)}"`,
  );
});

after(async () => {
  if (!removed) await stack?.remove();
});

/** The page that the machine serves. */
async function page(machine: 'web' | 'edge'): Promise<string> {
  const address = { web: `${network}.11`, edge: `${network}.13` }[machine];
  return await (await fetch(`http://${address}/`, { signal: AbortSignal.timeout(10_000) })).text();
}

const unchanged = /no changes|\d+ unchanged/;

function assertNothingChanges(text: string) {
  assert.match(text, unchanged);
  assert.doesNotMatch(text, /to (create|update|replace|delete)|[1-9]\d* (created|updated|replaced|deleted)/);
}

test('the first up makes the machines and deploys them', async () => {
  const begun = Date.now();
  await stack.up();
  const machines = await stack.output();
  assert.deepEqual(Object.keys(machines).sort(), ['db', 'edge', 'web']);
  for (const machine of Object.values(machines)) {
    assert.equal(machine.generation, 1);
    assert.match(machine.system, /^\/nix\/store\/[a-z0-9]{32}-nixos-system-/);
    assert.equal(machine.rebootDue, false);
    assert.ok(Date.parse(machine.since) >= Math.floor(begun / 1000) * 1000, machine.since);
  }
  assert.ok(machines.web?.services.includes('nginx'));
  assert.match(await page('web'), /\S/);
  assert.equal(await page('edge'), await page('web'));
});

test('localmodconfig makes a kernel configuration from the modules that a machine has loaded', async () => {
  stack.write('source/drivers/Makefile', 'obj-$(CONFIG_NOTHING_HAS_THIS) += nothing_has_this.o\n');
  const command = ['web', '--stack', stack.stack, '--source', `${stack.folder}/project/source`];
  const shown = await stack.node('commands/localmodconfig.ts', command);
  assert.equal(shown.exitCode, 0, shown.text);
  const release = (await stack.ssh('web', 'uname -r')).trim();
  assert.match(shown.stdout, /^# The \d+ modules that web had loaded/);
  assert.ok(shown.stdout.includes(`(Linux ${release})`), shown.stdout);
  assert.doesNotMatch(shown.stdout, /NOTHING_HAS_THIS/);
});

test('a second up changes nothing', async () => {
  assertNothingChanges((await stack.up()).text);
  assertNothingChanges((await stack.preview()).text);
});

test('a newer version of this package shows no change', async () => {
  const version = JSON.parse(stack.read('package.json')).version;
  await stack.withEdit('package.json', `"version": "${version}"`, '"version": "9.9.9"', async () => {
    assertNothingChanges((await stack.preview()).text);
  });
});

test('the hardware of a machine with hardwareConfig is detected', async () => {
  await stack.ssh(
    'edge',
    `printf '#!/bin/sh\necho "{ boot.kernelModules = [ ]; }"\n' >/usr/local/bin/nixos-generate-config
    chmod +x /usr/local/bin/nixos-generate-config`,
  );
  const address = `address: ${network}.13`;
  const withKey = `${address}\n      hardwareConfig: true`;
  await stack.withEdit('Pulumi.test.yaml', address, withKey, async () => {
    const { text } = await stack.preview();
    assert.match(
      text,
      /the hardware of edge is written to nix\/lab\/hosts\/edge\/hardware-configuration\.nix:/,
    );
    assert.match(text, /\+ \{ boot\.kernelModules = \[ \]; \}/);
    assert.match(text, /\+ 1 to create/);
  });
});

test('a pull request summary shows the changes, and which machine cannot be evaluated', async () => {
  const broken = 'kernelParams = builtins.throw "the moon is full" [';
  await stack.withEdit('nix/lab/hosts/db.nix', 'kernelParams = [', broken, () =>
    stack.withEdit('nix/lab/hosts/web.nix', 'Hello from', 'Greetings from', async () => {
      const { exitCode, stdout } = await stack.node('commands/summary/main.ts', []);
      assert.equal(exitCode, 1, stdout);
      assert.match(stdout, /^### Preview of `test`: it failed, 1 machine changes, 1 machine unchanged$/m);
      assert.match(stdout, /^db: .*\[evaluation-failed\]\n.*the moon is full/m);
      assert.match(stdout, /^~ units\["nginx\.service"\]\n\s+- Hello from the fleet\.\n\s+\+ Greetings/m);
    }),
  );
});

test('the preview shows an edited page at its leaf, and up changes that machine alone', async () => {
  const before = await stack.live();
  stack.edit('nix/lab/hosts/web.nix', 'Hello from', 'Greetings from');
  const { text } = await stack.preview();
  assert.match(
    text,
    /~ units\["nginx\.service"\]\n\s+- Hello from the fleet\.\n\s+\+ Greetings from the fleet\./,
  );
  // An earlier run of this test may have built it.
  assert.match(text, /closure of web:\n\s+(expected|as built): 5 paths are rebuilt\n.*to copy: 5 paths, /);
  assert.doesNotMatch(text, /nixos:index:Deployment.*\bdb\b/);
  assert.match(text, /facts/);
  const leaves = text.match(/^\s+~ .*/gm) ?? [];
  assert.ok(leaves.length < 12, `only what changed is shown:\n${leaves.join('\n')}`);
  // By the example for the Automation API, which reports what became of each machine.
  const { exitCode, stdout, stderr } = await stack.node('examples/automation/deploy.ts', [stack.stack]);
  const { result, machines } = JSON.parse(stdout);
  assert.deepEqual([exitCode, result], [0, 'succeeded'], stderr);
  const done = machines.web.changes.map(
    (change: { op: string; resource: string }) => `${change.op} ${change.resource}`,
  );
  assert.deepEqual(done.sort(), ['update Deployment web', 'update System web']);
  assert.deepEqual(machines.db.changes, []);
  assert.equal(machines.web.live.generation, 2);
  const after = await stack.live();
  assert.match(await page('web'), /Greetings/);
  assert.equal(after.web?.generation, (before.web?.generation ?? 0) + 1);
  assert.deepEqual(after.db, before.db);
  assertNothingChanges((await stack.up()).text);
});

test('the preview shows an added package and a kernel parameter at their leaves', async () => {
  const host = stack.read('nix/lab/hosts/db.nix');
  const before = await stack.live();
  stack.edit('nix/lab/hosts/db.nix', 'systemPackages = [', 'systemPackages = [ pkgs.tree');
  stack.edit('nix/lab/hosts/db.nix', 'kernelParams = [', 'kernelParams = [ "panic=23"');
  const { text } = await stack.preview();
  assert.match(text, /\+ packages\.tree: "/);
  assert.match(text, /\+ kernel\.params\.panic: "23"/);
  const added = /closure of db:\n\s+expected: .*1 package is added[\s\S]*?\n\s+\+ tree \d.*/;
  assert.match(text, added);
  // The closure of the live system is then read from the machine.
  await stack.forgetClosure('db', before.db?.system ?? '');
  assert.match((await stack.preview()).text, added);
  await stack.up();
  const after = await stack.live();
  assert.equal(after.db?.generation, (before.db?.generation ?? 0) + 1);
  assert.deepEqual(after.web, before.web);
  stack.write('nix/lab/hosts/db.nix', host);
  await stack.up();
});

test('refresh shows a machine switched by hand, and up deploys the desired system again', async () => {
  const before = await stack.live();
  await stack.ssh('db', 'p=/nix/var/nix/profiles; $p/system-2-link/bin/switch-to-configuration test');
  const preview = await stack.pulumi('refresh', '--preview-only', '--diff');
  assert.match(preview.text, /system-db|facts|live/);
  await stack.pulumi('refresh', '--yes', '--skip-preview');
  const drifted = await stack.live();
  assert.notEqual(drifted.db?.system, before.db?.system);
  assert.match((await stack.preview()).text, /~ nixos:index:Deployment/);
  // As after garbage collection: it has to be built again.
  await stack.forgetClosure('db', before.db?.system ?? '');
  await stack.up();
  assert.equal((await stack.live()).db?.system, before.db?.system);
  assert.equal((await stack.ssh('db', 'readlink -f /run/current-system')).trim(), before.db?.system);
  assertNothingChanges((await stack.up()).text);
});

test('a lost state: pulumi import adopts a machine without a diff', async () => {
  const before = await stack.live();
  await stack.loseAndImport('web');
  assertNothingChanges((await stack.preview()).text);
  await stack.up();
  assert.deepEqual(await stack.live(), before);
});

test('adopting a machine with an unrecorded system shows only its differences', async () => {
  // Without the records of deployments the live system is unrecorded.
  await stack.ssh(
    'web',
    'p=/nix/var/nix/profiles/system; $p-1-link/bin/switch-to-configuration test && rm -rf /nix/var/nix/gcroots/nixos-fleet',
  );
  await stack.loseAndImport('web');
  const { text } = await stack.preview();
  assert.match(text, /system\s*: "\/nix\/store\/.*" => "\/nix\/store\//);
  assert.doesNotMatch(text, /to replace|to create|to delete/);
  await stack.up();
  assert.match(await page('web'), /Greetings/);
});

interface BadInput {
  title: string;
  file: string;
  from: string;
  to: string;
  /** Parts of the message: key or machine, reason, fix. */
  shows: RegExp[];
  /** The command that fails. */
  at: 'preview' | 'up';
}

const config = 'Pulumi.test.yaml';
const web = 'nix/lab/hosts/web.nix';

const badInputs: BadInput[] = [
  {
    title: 'an unknown config key',
    file: config,
    from: 'nixos-fleet:flake:',
    to: 'nixos-fleet:flaek:',
    shows: [/flaek: unknown key; did you mean flake\?/, /Pulumi\.test\.yaml/],
    at: 'preview',
  },
  {
    title: 'a config value of the wrong type',
    file: config,
    from: `address: ${network}.12`,
    to: `address: ${network}.12\n      port: ssh`,
    shows: [/hosts\.db\.port: .*number/],
    at: 'preview',
  },
  {
    title: 'two machines at one address',
    file: config,
    from: `${network}.12`,
    to: `${network}.11`,
    shows: [/hosts\.\w+\.address: is 10\.213\.21\.11, port 22, which is \w+’s already/],
    at: 'preview',
  },
  {
    title: 'a host that the flake lacks',
    file: config,
    from: `address: ${network}.12`,
    to: `address: ${network}.12\n      configuration: dbb`,
    shows: [/db:/, /dbb/, /Did you mean 'db'\?/],
    at: 'preview',
  },
  {
    title: 'a syntax error in the flake',
    file: web,
    from: 'kernelParams = [',
    to: 'kernelParams = = [',
    shows: [/syntax error/, /web\.nix:\d+/],
    at: 'preview',
  },
  {
    title: 'an evaluation error',
    file: web,
    from: 'kernelParams = [',
    to: 'kernelParams = builtins.throw "the moon is full" [',
    shows: [/web:/, /the moon is full/, /evaluation-failed/],
    at: 'preview',
  },
  {
    title: 'a failing assertion',
    file: web,
    from: 'system.stateVersion',
    to: 'assertions = [ { assertion = false; message = "the moon must not be full"; } ];\n  system.stateVersion',
    shows: [/web:/, /the moon must not be full/, /assertion-failed/],
    at: 'preview',
  },
  {
    title: 'a derivation that does not build',
    file: web,
    from: 'system.stateVersion',
    to: `environment.etc.broken.source = derivation {
      name = "broken";
      system = "x86_64-linux";
      builder = "/bin/sh";
      args = [ "-c" "echo the glue is dry; exit 1" ];
    };
    system.stateVersion`,
    shows: [/web:/, /build-failed/, /the glue is dry/, /nix log \/nix\/store\/.*broken\.drv/],
    at: 'up',
  },
];

for (const { title, file, from, to, shows, at } of badInputs) {
  test(`${title}: a clear error, and nothing changes`, async () => {
    const before = await stack.live();
    await stack.withEdit(file, from, to, async () => {
      const shown =
        at === 'preview' ? await stack.try('preview') : await stack.try('up', '--yes', '--skip-preview');
      assert.notEqual(shown.exitCode, 0, shown.text);
      for (const pattern of shows) assert.match(shown.text, pattern);
      assert.doesNotMatch(shown.text, /^\s+at .*\.ts:\d+/m, 'no stack trace for a user’s mistake');
    });
    assert.deepEqual(await refreshed(), before);
  });
}

interface Fault {
  title: string;
  /** Breaks and repairs db, on this computer or on the machine. */
  begin: () => Promise<unknown>;
  end: () => Promise<unknown>;
  shows: RegExp[];
}

const keyFolder = '/etc/ssh';

const faults: Fault[] = [
  {
    title: 'cannot be reached',
    begin: () => run('ip', ['route', 'add', 'unreachable', `${network}.12/32`], { timeoutSeconds: 10 }),
    end: () => run('ip', ['route', 'del', 'unreachable', `${network}.12/32`], { timeoutSeconds: 10 }),
    shows: [/db: .*\[unreachable\]/, /10\.213\.21\.12/],
  },
  {
    title: 'has another host key',
    begin: async () => {
      await stack.ssh(
        'db',
        `cd ${keyFolder} && mkdir -p kept && mv ssh_host_* kept/ &&
         ssh-keygen -q -N '' -t ed25519 -f ssh_host_ed25519_key && systemctl reload ssh`,
      );
      // Closes open connections, which have already checked the key; also this one.
      await stack.ssh('db', 'pkill -f "^sshd: root"').catch(() => '');
    },
    end: () => stack.ssh('db', `cd ${keyFolder} && mv kept/* . && rmdir kept && systemctl reload ssh`),
    shows: [/db: .*\[host-key\]/, /expected SHA256:/, /offered/],
  },
  {
    title: 'has no room',
    begin: () =>
      stack.ssh(
        'db',
        // A file system of the store's size, almost full.
        `mkdir /small && mount -t tmpfs -o size=$(($(du -sk /nix | cut -f1) + 512))k tmpfs /small &&
         cp -a /nix/. /small/ && mount --bind /small /nix`,
      ),
    end: () => stack.ssh('db', 'umount /nix && umount /small && rmdir /small'),
    shows: [/db: .*\[no-room\]/, /MiB|No space left/, /nix-collect-garbage/],
  },
];

for (const { title, begin, end, shows } of faults) {
  test(`a machine that ${title} fails alone: it stays as it is, the others are deployed`, async () => {
    const before = await stack.live();
    const files = ['web', 'db', 'edge'].map((host) => `nix/lab/hosts/${host}.nix`);
    const texts = files.map((file) => stack.read(file));
    await begin();
    try {
      for (const file of files) stack.edit(file, ' is alive', ` was alive when one ${title}`);
      stack.edit('nix/lab/hosts/db.nix', 'systemPackages = [', 'systemPackages = [ pkgs.ripgrep pkgs.lsof');
      const shown = await stack.try('up', '--yes', '--skip-preview');
      assert.notEqual(shown.exitCode, 0);
      for (const pattern of shows) assert.match(shown.text, pattern);
    } finally {
      await end();
      for (const [index, file] of files.entries()) stack.write(file, texts[index] ?? '');
    }
    const now = await refreshed();
    assert.deepEqual(now.db, before.db);
    assert.equal(now.web?.generation, (before.web?.generation ?? 0) + 1);
    assert.equal(now.edge?.generation, (before.edge?.generation ?? 0) + 1);
    await stack.up();
  });
}

/** The live systems, read from the machines. */
async function refreshed(): Promise<Record<string, Live>> {
  await stack.pulumi('refresh', '--yes', '--skip-preview');
  return await stack.live();
}

test('destroy leaves nothing of the lab', async () => {
  await stack.remove();
  removed = true;
  const { stdout: addresses } = await run('ip', ['-o', 'addr'], { timeoutSeconds: 10 });
  assert.ok(!addresses.includes(`${network}.`), addresses);
  const { stdout: mounts } = await run('cat', ['/proc/mounts'], { timeoutSeconds: 10 });
  assert.ok(!mounts.includes(stack.folder), mounts);
  assert.ok(!existsSync(stack.folder));
  const commands = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => commandLine(pid));
  assert.deepEqual(
    commands.filter((command) => command.includes(stack.folder)),
    [],
  );
});

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // The process ended meanwhile.
  }
}
