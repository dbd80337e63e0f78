/** What a machine that lost its power would boot, read from its disk and its EFI variables without starting it. */
import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { espStart, type Replay } from './disk-log.ts';

/** An entry of the boot loader. */
interface Entry {
  system: string;
  kernel: string;
  initrd: string;
}

export interface BootState {
  /** Systems that the boot loader starts by default, and for the next boot alone. */
  default: string;
  once: string;
  /** The profile's system. */
  profile: string;
  /** Whether the unit of a boot on trial starts at boot: all of its files are there. */
  trial: boolean;
}

export interface Tools {
  e2fsprogs: string;
  mtools: string;
}

const profiles = '/nix/var/nix/profiles';
const units = '/etc/systemd/system.control';
const trialFiles = [
  `${units}/sysinit.target.wants/nixos-fleet-trial.service`,
  `${units}/nixos-fleet-trial.service`,
  ...['trial.sh', 'parameters'].map((file) => `/var/lib/nixos-fleet/trial/${file}`),
];
/** More generations than a test makes. */
const generations = Array.from({ length: 12 }, (_, index) => `${profiles}/system-${index + 1}-link`);

export class Disk {
  readonly #disk: string;
  readonly #root: string;
  readonly #replay: Replay;
  readonly #tools: Tools;
  readonly #hashes = new Map<string, string>();
  #menu:
    | { writes: number; find: (once: string | undefined) => { entry: Entry; once: Entry | undefined } }
    | undefined;

  /** @param root file with the disk's root partition */
  constructor({ disk, root, replay }: { disk: string; root: string; replay: Replay }, tools: Tools) {
    this.#disk = disk;
    this.#root = root;
    this.#replay = replay;
    this.#tools = tools;
  }

  /** @param variables the firmware's EFI variables */
  read(variables: Buffer): BootState {
    if (this.#menu?.writes !== this.#replay.espWrites)
      this.#menu = { writes: this.#replay.espWrites, find: this.#readMenu() };
    const { entry, once } = this.#menu.find(oneShot(variables));
    const inits = [entry, ...(once ? [once] : [])].map(({ system }) => `${system}/init`);
    const found = this.#readRoot([`${profiles}/system`, ...trialFiles, ...inits], generations);
    for (const init of inits) {
      if (!found.get(init)?.includes('Type: regular')) throw new Error(`${init} is not on the disk`);
    }
    const link = /Fast link dest: "(.*)"/.exec(found.get(`${profiles}/system`) ?? '')?.[1];
    return {
      default: entry.system,
      once: once?.system ?? '',
      profile: found.get(`${profiles}/${link}`) ?? '',
      trial: trialFiles.every((file) => /Type: (symlink|regular)/.test(found.get(file) ?? '')),
    };
  }

  /**
   * Files of the root file system after a replay of its journal, which is then undone: what debugfs reports of some, and the contents
   * of others. Checksums are right only after the replay (-n).
   */
  #readRoot(reported: readonly string[], contents: readonly string[]): Map<string, string> {
    const [undo, commands] = [`${this.#root}.undo`, `${this.#root}.commands`];
    const paths = [...reported.map((path) => `stat ${path}`), ...contents.map((path) => `cat ${path}`)];
    writeFileSync(commands, ['journal_run', ...paths, ''].join('\n'));
    const { e2fsprogs } = this.#tools;
    const options: ExecFileSyncOptionsWithStringEncoding = {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    };
    const text = execFileSync(
      `${e2fsprogs}/sbin/debugfs`,
      ['-n', '-w', '-z', undo, '-f', commands, this.#root],
      options,
    );
    // A header alone: the journal was empty.
    if (statSync(undo).size > 2048) execFileSync(`${e2fsprogs}/sbin/e2undo`, [undo, this.#root], options);
    rmSync(undo);
    return new Map(
      text.split('debugfs: ').map((answer) => {
        const [, path = '', result = ''] = /^\w+ (\S+)\n([\s\S]*)$/.exec(answer) ?? [];
        return [path, result];
      }),
    );
  }

  /** The boot loader's menu: finds its default and the entry for one boot, whose files are complete. */
  #readMenu(): (oneShot: string | undefined) => { entry: Entry; once: Entry | undefined } {
    const grub = this.#text('grub/grub.cfg');
    const whole = (entry: Entry | undefined) => {
      if (entry) this.#assertWhole(entry);
      return entry;
    };
    const needed = (entry: Entry | undefined, what: string) => {
      if (entry) return entry;
      throw new Error(`${what} does not exist`);
    };
    if (grub !== undefined) {
      const entries = [
        ...grub.matchAll(
          /menuentry "([^"]*)" [\s\S]*?linux \S+?\)(\S+) init=(\S+)\/init [\s\S]*?initrd \S+?\)(\S+)\n/g,
        ),
      ].map(([, title = '', kernel = '', system = '', initrd = '']) => ({ title, kernel, system, initrd }));
      const next = /^next_entry=(.*)$/m.exec(this.#text('grub/grubenv') ?? '')?.[1];
      const title = next?.split('>').at(-1);
      const entry = needed(whole(entries[0]), 'GRUB’s first entry');
      const once = next
        ? needed(whole(entries.find((each) => each.title === title)), `GRUB’s entry ${next}`)
        : undefined;
      return () => ({ entry, once });
    }
    const name = /^default (.*)$/m.exec(this.#text('loader/loader.conf') ?? '')?.[1] ?? '';
    const entry = needed(
      whole(this.#systemdBootEntry(name) ?? this.#newestEntry()),
      'an entry of systemd-boot',
    );
    const trial = whole(this.#systemdBootEntry('fleet-trial.conf'));
    // systemd-boot ignores a name without an entry.
    return (oneShot) => ({ entry, once: oneShot === 'fleet-trial.conf' ? trial : undefined });
  }

  /** What systemd-boot starts when loader.conf names no entry: the first of its menu, in which the newest version comes first. */
  #newestEntry(): Entry | undefined {
    const names = this.#mtools('mdir', '-b', '-i', this.#esp, '::/loader/entries')?.toString('latin1') ?? '';
    const entries = names.split('\n').flatMap((path) => {
      const name = /nixos-[0-9a-f]+\.conf$/.exec(path)?.[0];
      const generation = /^version Generation (\d+)/m.exec(this.#text(`loader/entries/${name}`) ?? '')?.[1];
      const entry = name && this.#systemdBootEntry(name);
      return entry && generation ? [{ entry, generation: Number(generation) }] : [];
    });
    return entries.sort((a, b) => b.generation - a.generation)[0]?.entry;
  }

  #systemdBootEntry(name: string): Entry | undefined {
    const text = this.#text(`loader/entries/${name}`);
    if (!text) return undefined;
    const [kernel = '', initrd = '', system = ''] = [
      /^linux (.*)$/m,
      /^initrd (.*)$/m,
      /^options init=(\S+)\/init /m,
    ].map((line) => line.exec(text)?.[1]);
    return { kernel, initrd, system };
  }

  /** The kernel and the initrd beside the boot loader are those of the system, which this computer has built. */
  #assertWhole({ system, kernel, initrd }: Entry): void {
    for (const [file, original] of [
      [kernel, `${system}/kernel`],
      [initrd, `${system}/initrd`],
    ] as const) {
      const expected = this.#hashes.get(original) ?? hash(readFileSync(original));
      this.#hashes.set(original, expected);
      const found = this.#bytes(file.replace(/^\//, ''));
      if (!found || hash(found) !== expected) throw new Error(`${file} is not a copy of ${original}`);
    }
  }

  /** A file of the EFI system partition. */
  #bytes(path: string): Buffer | undefined {
    return this.#mtools('mtype', '-i', this.#esp, `::/${path}`);
  }

  get #esp(): string {
    return `${this.#disk}@@${espStart}`;
  }

  #mtools(...command: string[]): Buffer | undefined {
    try {
      return execFileSync(`${this.#tools.mtools}/bin/mtools`, ['-c', ...command], {
        env: { MTOOLS_SKIP_CHECK: '1' },
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 2 ** 26,
      });
    } catch {
      return undefined;
    }
  }
  #text(path: string): string | undefined {
    return this.#bytes(path)?.toString('latin1');
  }
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** systemd-boot's entry for the next boot alone, in the firmware's authenticated variables. */
function oneShot(variables: Buffer): string | undefined {
  const name = Buffer.from('LoaderEntryOneShot\0', 'utf16le');
  const headerSize = 60;
  const added = 0x3f;
  for (let at = variables.indexOf(name); at >= 0; at = variables.indexOf(name, at + 1)) {
    const header = at - headerSize;
    if (variables.readUInt16LE(header) !== 0x55aa || variables.readUInt8(header + 2) !== added) continue;
    const size = variables.readUInt32LE(header + 40);
    const value = variables.subarray(at + name.length, at + name.length + size);
    return value.toString('utf16le').replace(/\0.*$/, '') || undefined;
  }
  return undefined;
}
