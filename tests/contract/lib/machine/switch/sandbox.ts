/**
 * A machine in a folder: the supervisor's own files, run by a shell of this computer, with stand-ins for systemd and Nix and with
 * /run, /var and /nix below the folder.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { shellVariables } from '../../../../../lib/base/quote.ts';
import { type ActivationResult, activationResult } from '../../../../../lib/machine/record/result.ts';
import { Reply } from '../../../../../lib/machine/script/reply.ts';
import { moduleScript, type ScriptData, scriptText } from '../../../../../lib/machine/script/text.ts';

const unit = 'nixos-fleet-1';

/** Shell lines that run in a step of a system's switch-to-configuration; `$root` is the sandbox. */
export interface Hooks {
  check?: string;
  test?: string;
  boot?: string;
}

export class Sandbox {
  readonly root = mkdtempSync(join(tmpdir(), 'sandbox-'));
  readonly directory = join(this.root, 'run/nixos-fleet/units', unit);
  readonly #shell: readonly string[];

  /** @param shell runs the supervisor. Default: sh */
  constructor(shell: readonly string[] = ['sh']) {
    this.#shell = shell;
    for (const folder of ['bin', 'nix/store', 'nix/var/nix/profiles', 'var/lib/nixos-fleet', 'var/log'])
      mkdirSync(join(this.root, folder), { recursive: true });
    mkdirSync(this.directory, { recursive: true });
    // Fails as often as the file `silent` has lines, as while systemd is re-executed.
    this.command(
      'systemctl',
      `if [ -s "$root/silent" ]; then sed -i 1d "$root/silent"; exit 1; fi
case $1 in
list-units) ! [ -e "$root/failed-units" ] || cat "$root/failed-units" ;;
show) cat "$root/unit-state" 2>/dev/null || echo inactive ;;
esac`,
    );
    this.command('systemd-run', 'exit 0');
    this.command('sync', 'exit 0');
    this.command(
      'nix-env',
      `link=$2
case $3 in
--set) ln -sfn "$4" "$link-7-link" && ln -sfn "\${link##*/}-7-link" "$link" ;;
--switch-generation) ln -sfn "\${link##*/}-$4-link" "$link" ;;
--delete-generations) rm -f "$link-$4-link" ;;
esac`,
    );
  }

  /** Puts a program in front of those of this computer. */
  command(name: string, lines: string): void {
    this.write(`bin/${name}`, `#!/bin/sh\nroot=${this.root}\n${lines}\n`);
    chmodSync(join(this.root, 'bin', name), 0o755);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  /** Adds a system to the store. Each call of it is a line `NAME ACTION NIXOS_NO_CHECK` in the file `calls`. */
  system(name: string, hooks: Hooks = {}): string {
    const path = join(this.root, 'nix/store', name);
    const text = `#!/bin/sh
root=${this.root} system=${path}
echo "${name} $1 \${NIXOS_NO_CHECK-}" >>"$root/calls"
case $1 in
check) : ; ${hooks.check ?? ''} ;;
test) echo 'activating the configuration...'; ln -sfn "$system" "$root/run/current-system"; ${hooks.test ?? ''} ;;
boot) echo ${name} >"$root/booted-by"; ${hooks.boot ?? ''} ;;
esac
`;
    mkdirSync(join(path, 'bin'), { recursive: true });
    writeFileSync(join(path, 'bin/switch-to-configuration'), text, { mode: 0o755 });
    return path;
  }

  /** Makes a system the live one and that of the next boot. */
  install(system: string): void {
    mkdirSync(join(this.root, 'run'), { recursive: true });
    symlinkSync(system, join(this.root, 'run/current-system'));
    symlinkSync(system, join(this.root, 'nix/var/nix/profiles/system-3-link'));
    symlinkSync('system-3-link', this.profile);
  }

  get profile(): string {
    return join(this.root, 'nix/var/nix/profiles/system');
  }

  /** The live system, that of the profile, and that of the boot loader. */
  get state(): string[] {
    const target = (path: string) =>
      spawnSync('readlink', ['-f', join(this.root, path)], { encoding: 'utf8' }).stdout.trim();
    const booted = existsSync(join(this.root, 'booted-by')) ? this.read('booted-by').trim() : '';
    return [target('run/current-system'), target('nix/var/nix/profiles/system'), booted].map(
      (path) => path.split('/').at(-1) ?? '',
    );
  }

  /** Writes the files of a switch to `system`, as start.sh does. */
  prepare(system: string, parameters: Record<string, string | number> = {}): void {
    for (const name of ['prelude', 'lock', 'boot-state', 'supervisor', 'result', 'finish', 'recover'])
      writeFileSync(join(this.directory, `${name}.sh`), this.#moved(moduleScript(`${name}.sh`)));
    writeFileSync(join(this.directory, 'log'), '');
    writeFileSync(join(this.directory, 'phase'), 'starting    \n');
    const text = shellVariables({
      unit,
      host: 'here',
      system,
      activated: system,
      by: 'ann@laptop',
      token: 't',
      profile: this.profile,
      activation_seconds: 20,
      confirm_seconds: 20,
      ...parameters,
    });
    writeFileSync(join(this.directory, 'parameters'), `${text}\n`);
  }

  /** Starts the supervisor in a mode of its own; `ended` settles at its end. */
  start(mode: 'run' | 'stopped') {
    const [command = 'sh', ...args] = this.#shell;
    const child = spawn(command, [...args, join(this.directory, 'supervisor.sh'), mode, this.directory], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, PATH: `${join(this.root, 'bin')}:${process.env.PATH}` },
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = new Promise<string>((resolve) => {
      child.once('close', () => resolve(stderr));
    });
    return { child, ended };
  }

  /** Waits until the supervisor is in a phase. */
  async phase(wanted: string): Promise<void> {
    const phase = join(this.directory, 'phase');
    while (!existsSync(phase) || readFileSync(phase, 'utf8').trim() !== wanted) await pause(20);
  }

  confirm(): void {
    writeFileSync(join(this.directory, 'confirm'), 't');
  }

  /** The result in /run, or below /var if `lasting`. */
  result(lasting = false): ActivationResult | undefined {
    const path = lasting
      ? join(this.root, `var/lib/nixos-fleet/results/${unit}.json`)
      : join(this.directory, 'result.json');
    return existsSync(path) ? activationResult.parse(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
  }

  /** Runs a script for machines in the sandbox. */
  script(text: string, data: ScriptData): Reply {
    const { stdout, stderr, status } = spawnSync(this.#shell[0] ?? 'sh', [...this.#shell.slice(1), '-s'], {
      input: this.#moved(scriptText(text, data)),
      encoding: 'utf8',
      env: { ...process.env, PATH: `${join(this.root, 'bin')}:${process.env.PATH}` },
    });
    return new Reply('here', { stdout, stderr, exitCode: status ?? -1 });
  }

  /** A script with the machine's own folders in the sandbox. */
  #moved(text: string): string {
    return text.replaceAll(
      /(?<![\w$}])\/(run|var\/lib|nix\/var|boot|efi|sys|etc\/systemd)(?=[/ \n])/g,
      `${this.root}/$1`,
    );
  }
}
