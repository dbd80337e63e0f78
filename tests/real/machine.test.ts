/** A machine of real NixOS modules over several deployments: adopted, cleaned up, deployed by others and by NixOS's own tools. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connection as connectionSchema } from '../../schema/connection.ts';
import { CliProject } from '../contract/cli-project.ts';
import { Deployer } from '../lab/deployer.ts';
import { MachineUnderTest } from '../lab/machine-under-test.ts';
import { provideNixosRebuild } from './nixos-rebuild.ts';
import { installedRoot, realSystems } from './real-systems.ts';

const names = [
  'plain',
  'etc',
  'unit',
  'unit-changed',
  'user',
  'failing-unit',
  'sudo-user',
  'secret-reader',
  'sudo-user-unit',
] as const;
let machine: MachineUnderTest;
let deployer: Deployer;
let systems: Record<(typeof names)[number], string>;
const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-real-tools-'));

before(async () => {
  systems = (await realSystems(names)) as typeof systems;
  machine = await MachineUnderTest.create('real-machine', '10.213.75', await installedRoot(systems.plain));
  deployer = new Deployer(machine.target.connection);
});

after(async () => {
  await machine?.remove();
  rmSync(folder, { recursive: true, force: true });
});

test('a machine that NixOS’s own tools installed is adopted without a switch', async () => {
  await deployer.import(machine.url);
  assert.deepEqual([deployer.live.system, deployer.live.generation], [systems.plain, 1]);
  assert.equal(await deployer.up(systems.plain, { revision: '' }), false, deployer.lines.join('\n'));
});

test('a machine that NixOS’s own tools switched: refresh shows it, and it is adopted as it is', async () => {
  await deployer.up(systems.unit);
  // What nixos-rebuild does on the machine itself.
  await machine.run(`nix-env --profile /nix/var/nix/profiles/system --set ${systems.plain}
    ${systems.plain}/bin/switch-to-configuration switch 2>&1`);
  await deployer.refresh();
  assert.equal(deployer.live.system, systems.plain);
  const another = new Deployer(machine.target.connection);
  await another.import(machine.url);
  assert.equal(another.live.system, systems.plain);
  assert.equal(await another.up(systems.etc), true);
  await machine.assertOn(systems.etc, another);
  await deployer.refresh();
});

test('old generations and their systems are removed, those in use stay', async () => {
  for (const next of [systems.unit, systems['unit-changed'], systems.user]) await deployer.up(next);
  await machine.run("touch -d '2 hours ago' /nix/var/nix/gcroots/nixos-fleet/*");
  await deployer.up(systems.etc, { keepGenerations: { count: 1 }, collectGarbage: true });
  await machine.assertOn(systems.etc, deployer);
  const left = await machine.run('ls -d /nix/store/*-nixos-system-one-*');
  // Live, booted, and the one before.
  assert.deepEqual(left.split('\n').sort(), [systems.etc, systems.plain, systems.user].sort());
  assert.match(deployer.lines.join('\n'), /store paths deleted/);
});

test('deployed by a user with sudo, who must be able to log in afterwards', async () => {
  await deployer.up(systems['sudo-user']);
  await machine.run(`mkdir -p ~ops/.ssh && cp ~/.ssh/authorized_keys ~ops/.ssh/ && chown -R ops: ~ops/.ssh`);
  const own = machine.target.connection;
  const ops = new Deployer(connectionSchema.parse({ ...own, user: 'ops' }));
  await ops.import(machine.url.replace('root@', 'ops@'));
  await ops.up(systems['sudo-user-unit']);
  await machine.assertOn(systems['sudo-user-unit'], ops);
  await assert.rejects(ops.up(systems.unit, { confirmTimeoutSeconds: 8 }), /could not be confirmed/);
  await machine.assertOn(systems['sudo-user-unit'], ops);
  await deployer.refresh();
});

test('a secret by pulumi: written before the system that reads it, kept by switches, its reader restarted', async (context) => {
  const project = new CliProject();
  context.after(() => project.remove());
  const components = fileURLToPath(new URL('../../components/index.ts', import.meta.url));
  writeFileSync(
    join(project.folder, 'index.ts'),
    `import { readFileSync } from 'node:fs';
import * as pulumi from '@pulumi/pulumi';
import { Secret } from '${components}';
const { connection, file } = JSON.parse(readFileSync('settings.json', 'utf8'));
new Secret('app', { host: 'one', connection, value: new pulumi.Config().requireSecret('value'), ...file });
`,
  );
  await project.pulumi('stack', 'init', 'dev');
  const put = async (value: string, file: object) => {
    const { connection } = machine.target;
    const settings = {
      connection,
      file: { path: '/run/keys/app', restartUnits: ['reader.service'], ...file },
    };
    writeFileSync(join(project.folder, 'settings.json'), JSON.stringify(settings));
    await project.pulumi('config', 'set', '--secret', 'value', value);
    const { exitCode, text } = await project.pulumi('up', '--yes', '--skip-preview');
    assert.equal(exitCode, 0, text);
  };
  await deployer.up(systems.etc);
  await put('one', { mode: '0444' });
  await deployer.up(systems['secret-reader']);
  assert.equal(await machine.run('cat /run/reader/seen'), 'one');
  await put('two', { mode: '0440', owner: 'app', group: 'app' });
  await machine.until('[ "$(cat /run/reader/seen)" = two ]');
  await deployer.up(systems.etc);
  assert.equal(await machine.run('cat /run/keys/app'), 'two');
});

test('by the real nixos-rebuild', async (context) => {
  const path = process.env.PATH;
  await provideNixosRebuild(systems.plain, folder);
  process.env.PATH = `${folder}${delimiter}${path}`;
  context.after(() => {
    process.env.PATH = path;
  });
  await deployer.up(systems.etc);
  await deployer.up(systems.unit, {
    via: 'nixos-rebuild',
    confirmTimeoutSeconds: 60,
    activationTimeoutSeconds: 120,
  });
  await machine.assertOn(systems.unit, deployer);
  assert.match(deployer.lines.join('\n'), /new units were started: hello\.service/);
  await assert.rejects(
    deployer.up(systems['failing-unit'], { via: 'nixos-rebuild', activationTimeoutSeconds: 120 }),
    /units failed[\s\S]*broken\.service/,
  );
  assert.equal((await machine.lastResult())?.exitCode, 4);
  await deployer.refresh();
  await deployer.up(systems.unit);
});
