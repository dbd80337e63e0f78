/**
 * A machine's hardware, detected over real ssh and written into a flake's folder, by the real Pulumi CLI. The machine's
 * nixos-generate-config is a stand-in that prints a date, and the hardware from a file.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../../lib/base/process/run.ts';
import type { Machine } from '../../lib/machine/ssh/machine.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import { CliProject } from '../contract/cli-project.ts';
import { MachineUnderTest } from './machine-under-test.ts';

const program = fileURLToPath(new URL('../../program/hardware.ts', import.meta.url));
const machineModule = fileURLToPath(new URL('../../lib/machine/ssh/machine-at.ts', import.meta.url));
const askHardware = fileURLToPath(new URL('../../lib/machine/hardware/ask-hardware.ts', import.meta.url));
const project = new CliProject();
const file = 'nix/hosts/one/hardware-configuration.nix';
const path = join(project.folder, file);
let machine: MachineUnderTest;
/** The machine, entered as a user who becomes root by sudo. */
let byAdmin: Machine;

before(async () => {
  machine = await MachineUnderTest.create('hardware', '10.213.35');
  byAdmin = machineAt('one', { ...machine.target.connection, user: 'admin', connectTimeoutSeconds: 5 });
  await machine.run(`useradd --create-home --shell /bin/bash admin
    echo 'admin ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin
    install -d -o admin -g admin -m 700 /home/admin/.ssh
    install -o admin -g admin -m 600 /root/.ssh/authorized_keys /home/admin/.ssh/authorized_keys`);
  await run('git', ['init', '-q', project.folder], { timeoutSeconds: 30 });
  // The stack's program without the evaluation of a flake.
  writeFileSync(
    join(project.folder, 'index.ts'),
    `import { readFileSync } from 'node:fs';
import * as pulumi from '@pulumi/pulumi';
import { askHardware } from '${askHardware}';
import { machineAt } from '${machineModule}';
import { declareHardware } from '${program}';
const { connection, ...hardware } = JSON.parse(readFileSync('settings.json', 'utf8'));
const settings = { one: { ...hardware, folder: import.meta.dirname } };
const failures = await declareHardware(
  { settings, results: askHardware(settings, { one: machineAt('one', connection) }) },
  { one: { connection } },
);
if (failures.length > 0) throw new pulumi.RunError(failures.join('\\n'));
`,
  );
  await project.pulumi('stack', 'init', 'dev');
});

after(async () => {
  await byAdmin?.close();
  await machine?.remove();
  project.remove();
});

const installGenerator = () =>
  machine.run(`cat >/usr/local/bin/nixos-generate-config <<'END'
#!/bin/sh
[ "$(id -u)" = 0 ] && [ "$*" = '--show-hardware-config --no-filesystems' ] || exit 9
printf '# Made on %s\\n{ lib, ... }:\\n\\n{\\n' "$(date +%s.%N)"
cat /etc/hardware
echo '}'
END
    chmod +x /usr/local/bin/nixos-generate-config`);
const setHardware = (modules: string) =>
  machine.run(`echo '  boot.initrd.availableKernelModules = [ ${modules} ];' >/etc/hardware`);
const declare = (settings: object = {}) =>
  writeFileSync(
    join(project.folder, 'settings.json'),
    JSON.stringify({
      ...{
        generator: 'nixos-generate-config',
        fileSystems: false,
        onHandEdit: 'fail',
        file,
        connection: byAdmin.connection,
      },
      ...settings,
    }),
  );
const onDisk = () => readFileSync(path, 'utf8');
const preview = (...args: string[]) => project.pulumi('preview', ...args);

async function up(): Promise<string> {
  const { exitCode, text } = await project.pulumi('up', '--yes', '--skip-preview');
  assert.equal(exitCode, 0, text);
  return text;
}

test('a machine without nixos-generate-config is an error that says how to install it', async () => {
  declare();
  const { exitCode, text } = await preview();
  assert.notEqual(exitCode, 0);
  assert.match(text, /one: hardware detection failed \[hardware-failed\]/);
  assert.match(text, /nixos-generate-config is not on the machine[\s\S]*nixpkgs#nixos-install-tools/);
});

test('the first up writes the file that the preview shows, and names the missing git add', async () => {
  await installGenerator();
  await setHardware('"nvme"');
  const shown = await preview();
  assert.equal(shown.exitCode, 0, shown.text);
  assert.match(shown.text, /the hardware of one is written to nix\/hosts\/one\/hardware-configuration\.nix:/);
  assert.match(shown.text, /\+ {3}boot\.initrd\.availableKernelModules = \[ "nvme" \];/);
  assert.match(shown.text, /the next `pulumi up` uses the new one/);
  assert.ok(!existsSync(path), 'a preview writes nothing');
  assert.match(await up(), /git add -N nix\/hosts\/one\/hardware-configuration\.nix/);
  assert.match(onDisk(), /^# Made on [\d.]+\n\{ lib, \.\.\. \}:\n\n\{\n {2}boot\.initrd.*"nvme".*\n\}\n$/);
});

test('another date is no change, and the file stays as written', async () => {
  const before = onDisk();
  const untracked = await preview('--expect-no-changes');
  assert.equal(untracked.exitCode, 0, untracked.text);
  assert.match(untracked.text, /git does not track/);
  await run('git', ['-C', project.folder, 'add', '-N', file], { timeoutSeconds: 30 });
  const { exitCode, text } = await preview('--expect-no-changes');
  assert.equal(exitCode, 0, text);
  assert.doesNotMatch(text, /git does not track|the hardware of one/);
  await up();
  assert.equal(onDisk(), before);
});

test('changed hardware is shown line by line by preview and refresh, and written by up', async () => {
  await setHardware('"nvme" "ahci"');
  const refreshed = await project.pulumi('refresh', '--yes', '--diff', '--skip-preview');
  assert.match(refreshed.text, /machine\s*: "as-written" => "changed"/);
  assert.match(refreshed.text, /\+ {3}boot\.initrd.* "ahci" \];/);
  const { text } = await preview();
  assert.match(text, /HardwareConfig one update \[diff: ~content,machine\]/);
  assert.match(text, /- {3}boot\.initrd.*\[ "nvme" \];\s+\+ {3}boot\.initrd.*\[ "nvme" "ahci" \];/);
  assert.doesNotMatch(text, /Made on/);
  await up();
  assert.match(onDisk(), /"nvme" "ahci"/);
});

test('a hand edit is refused at preview with the lines it would lose, or handled by onHandEdit', async () => {
  writeFileSync(path, onDisk().replace('\n}', '\n  services.mine.enable = true;\n}'));
  const edited = onDisk();
  const refused = await preview();
  assert.notEqual(refused.exitCode, 0);
  assert.match(refused.text, /hardware-configuration\.nix was edited by hand or not written by this stack/);
  assert.match(refused.text, /- {3}services\.mine\.enable = true;/);
  assert.match(refused.text, /onHandEdit to\s+overwrite or keep/);
  const forced = await project.pulumi('up', '--yes', '--skip-preview');
  assert.notEqual(forced.exitCode, 0);
  assert.equal(onDisk(), edited);
  const { text } = await project.pulumi('refresh', '--yes', '--diff', '--skip-preview');
  assert.match(text, /onDisk\s*: "as-written" => "edited"/);

  declare({ onHandEdit: 'keep' });
  const kept = await preview('--expect-no-changes');
  assert.equal(kept.exitCode, 0, kept.text);
  assert.match(kept.text, /is kept[\s\S]*- {3}services\.mine\.enable = true;/);
  await up();
  assert.equal(onDisk(), edited);

  declare({ onHandEdit: 'overwrite' });
  const shown = await preview();
  assert.match(shown.text, /is overwritten[\s\S]*- {3}services\.mine\.enable = true;/);
  await up();
  assert.doesNotMatch(onDisk(), /services\.mine/);
  assert.equal((await preview('--expect-no-changes')).exitCode, 0);
  declare();
});

test('a machine that is off is a warning and no change; a missing file is restored from the state', async () => {
  const before = onDisk();
  rmSync(path);
  await byAdmin.close();
  declare({ connection: { ...byAdmin.connection, address: '10.213.35.99', connectTimeoutSeconds: 2 } });
  const shown = await preview();
  assert.equal(shown.exitCode, 0, shown.text);
  assert.match(shown.text, /the hardware of one could not be detected: [\s\S]*\[unreachable\]/);
  await up();
  assert.equal(onDisk(), before);
  const { exitCode, text } = await project.pulumi('refresh', '--yes', '--skip-preview');
  assert.equal(exitCode, 0, text);
  assert.match(text, /the hardware of one could not be detected/);
  declare();
  assert.equal((await preview('--expect-no-changes')).exitCode, 0);
});

test('an existing file with other content is refused; one with the same content is adopted', async () => {
  const other = 'nix/one.nix';
  writeFileSync(join(project.folder, other), '{ }\n');
  declare({ file: other });
  const refused = await preview();
  assert.notEqual(refused.exitCode, 0);
  assert.match(refused.text, /nix\/one\.nix was edited by hand or not written by this stack/);
  writeFileSync(join(project.folder, other), onDisk().replace(/^# .*/, '# by hand'));
  assert.match(await up(), /hardware-configuration\.nix is left where it is/);
  assert.match(readFileSync(join(project.folder, other), 'utf8'), /^# by hand/);
  assert.equal((await preview('--expect-no-changes')).exitCode, 0);
});

test('a destroy leaves the file', async () => {
  const { exitCode, text } = await project.pulumi('destroy', '--yes', '--skip-preview');
  assert.equal(exitCode, 0, text);
  assert.match(text, /nix\/one\.nix is left where it is/);
  assert.ok(existsSync(join(project.folder, 'nix/one.nix')));
});
