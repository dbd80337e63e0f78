/** A machine of files in a temporary folder, on which scripts run with stand-ins for systemd, Nix and the boot loader. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Reply } from '../../../../../lib/machine/script/reply.ts';
import {
  bootStateScript,
  lockScript,
  type ScriptData,
  scriptText,
} from '../../../../../lib/machine/script/text.ts';

const fixture = new URL('../../../../fixtures/boot-machine/', import.meta.url).pathname;

/** Why these tests cannot run here; undefined if they can. */
export const cannotRun =
  spawnSync('unshare', ['--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user']), 'true'])
    .status === 0
    ? undefined
    : 'needs mount namespaces';

interface SystemParts {
  kernel?: string;
  params?: string;
  onBoot?: string;
  onTest?: string;
}

export class BootMachine {
  readonly root = mkdtempSync(join(tmpdir(), 'boot-machine-'));

  /** The machine runs, boots and has booted the system `old`, its first generation. */
  constructor(bootLoader: 'systemd-boot' | 'grub' | 'none') {
    chmodSync(this.root, 0o755);
    cpSync(join(fixture, 'bin'), join(this.root, 'bin-first'), { recursive: true });
    this.write('boot-loader', bootLoader);
    this.write('boot-id', 'boot-1\n');
    this.write('file-system', 'ext4');
    this.write('etc/machine-id', 'm\n');
    this.write('sys/kernel/kexec_loaded', '0\n');
    for (const folder of [
      'run',
      'tmp',
      'var/lib',
      'nix/var/nix/profiles',
      'sys/firmware/efi/efivars',
      'sys/dev/block/8:1',
    ])
      mkdirSync(join(this.root, folder), { recursive: true });
    if (bootLoader === 'systemd-boot') {
      const variable = 'sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';
      this.write(variable, `....${[...'systemd-boot 252'].map((letter) => `${letter}\0`).join('')}`);
    }
    const old = this.system('old');
    symlinkSync(old, join(this.root, 'run/booted-system'));
    this.ok(`ln -s ${old} /run/current-system
      nix-env -p /nix/var/nix/profiles/system --set ${old}
      ${old}/bin/switch-to-configuration boot
      rm /log`);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.root, file)), { recursive: true });
    writeFileSync(join(this.root, file), text);
  }

  read(file: string): string {
    return existsSync(join(this.root, file)) ? readFileSync(join(this.root, file), 'utf8') : '';
  }

  /** Adds a system and returns its path on the machine. */
  system(name: string, { kernel = 'k', params = 'quiet', onBoot, onTest }: SystemParts = {}): string {
    const path = `systems/${name}`;
    cpSync(join(fixture, 'switch-to-configuration'), join(this.root, path, 'bin/switch-to-configuration'));
    for (const part of ['kernel', 'initrd', 'kernel-modules']) this.write(join(path, part), '');
    this.write(join('kernels', kernel), '');
    for (const part of ['kernel', 'initrd', 'kernel-modules']) {
      rmSync(join(this.root, path, part));
      symlinkSync(`/kernels/${kernel}`, join(this.root, path, part));
    }
    this.write(join(path, 'kernel-params'), params);
    if (onBoot) this.write(join(path, 'on-boot'), onBoot);
    if (onTest) this.write(join(path, 'on-test'), onTest);
    return `/${path}`;
  }

  /** Runs a script as the machine's root. */
  run(script: string, data?: ScriptData): SpawnSyncReturns<string> {
    const input = scriptText(script, data);
    return spawnSync(join(fixture, 'enter'), [this.root], { input, encoding: 'utf8', timeout: 20_000 });
  }

  /** Runs a script that must succeed, with the functions of boot-state.sh; returns its output. */
  ok(script: string): string {
    const { status, stdout, stderr } = this.run(`${lockScript}${bootStateScript}${script}\n`);
    if (status !== 0) throw new Error(`${status}: ${stdout}${stderr}`);
    return stdout.trim();
  }

  reply(script: string, data?: ScriptData): Reply {
    const { status, stdout, stderr } = this.run(script, data);
    return new Reply('here', { stdout, stderr, exitCode: status ?? -1 });
  }

  /** Live system, profile, default of the boot loader, and choice for the next boot alone, by name. */
  state(): { live: string; profile: string; default: string; once: string } {
    const [live = '', profile = '', byDefault = '', once = ''] = this.ok(
      `for path in "$(target /run/current-system)" "$(target "$profile")" "$(boot_default)" "$(boot_once)"; do echo "\${path##*/}"; done`,
    ).split('\n');
    return { live, profile, default: byDefault, once };
  }

  /** The lines that stand-ins and systems have recorded. */
  log(): string[] {
    return this.read('log').split('\n').filter(Boolean);
  }
}
