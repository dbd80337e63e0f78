import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sha256 } from '../../../../../lib/base/hash.ts';
import { disksScript } from '../../../../../lib/images/disk/read-disk.ts';
import { scriptFile, scriptText } from '../../../../../lib/machine/script/text.ts';

const place = mkdtempSync(join(tmpdir(), 'ram-system-'));
after(() => rmSync(place, { recursive: true }));
const script = disksScript + scriptFile('../../../../../lib/images/disk/ram-system.sh', import.meta.url);

const ssh = join(place, 'ssh');
const tools = join(place, 'tools');
const folder = join(place, 'nixos-fleet-ram-1');
const pid = join(place, 'pid');
const loaded = join(place, 'loaded');
mkdirSync(ssh);
mkdirSync(tools);
writeFileSync(join(ssh, 'ssh_host_ed25519_key'), 'HOST KEY\n');

/** Runs ram-system.sh with stand-ins: `kexec` runs `load`, and nothing reboots. */
function start(shell: string, load: string): string {
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, 'kernel'), 'kernel');
  writeFileSync(join(folder, 'initrd'), 'initrd');
  writeFileSync(join(tools, 'kexec'), `#!/bin/sh\n[ "$1" = --load ] || exit 0\n${load}\n`, { mode: 0o755 });
  writeFileSync(join(tools, 'systemctl'), '#!/bin/sh\n', { mode: 0o755 });
  const variables = {
    folder,
    kernel_sha256: sha256('kernel'),
    initrd_sha256: sha256('initrd'),
    params: 'quiet',
    user: userInfo().username,
  };
  const text = scriptText(script, { variables }).replaceAll('/etc/ssh/', `${ssh}/`);
  const input = text.replaceAll('/root/.ssh/', `${ssh}/`).replaceAll('/run/systemd/system', place);
  return spawnSync(shell, ['-s'], {
    input: `echo $$ >'${pid}'\n${input}`,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${tools}:${process.env.PATH}` },
  }).stdout;
}

for (const shell of ['sh', 'dash', 'bash'].filter((name) => !spawnSync(name, ['-c', ':']).error)) {
  test(`${shell}: the host keys reach the initrd, and no file of them stays on the disk`, () => {
    writeFileSync(join(ssh, 'authorized_keys'), 'ssh-ed25519 AAAA ops\n');
    assert.match(start(shell, `cp '${folder}/both' '${loaded}'`), /^end=yes$/m);
    assert.match(readFileSync(loaded, 'latin1'), /HOST KEY[\s\S]*initrd$/);
    assert.equal(existsSync(folder), false);
  });

  test(`${shell}: no host key stays on the disk where kexec refuses or the script is ended (fault 33)`, () => {
    writeFileSync(join(ssh, 'authorized_keys'), 'ssh-ed25519 AAAA ops\n');
    assert.match(
      start(shell, 'echo not permitted; exit 1'),
      /^failed=kexec refused the kernel: not permitted$/m,
    );
    assert.equal(existsSync(folder), false, 'kexec refused');
    assert.doesNotMatch(start(shell, `kill -TERM "$(cat '${pid}')"`), /^end=yes$/m);
    assert.equal(existsSync(folder), false, 'ended by a signal');
  });
}
