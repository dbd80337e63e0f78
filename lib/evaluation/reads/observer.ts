import { join } from 'node:path';
import { Inotify, inotifyMask } from '../../base/inotify.ts';
import { attributeReads, type HostReads, type Message, type Opened } from './attribute-reads.ts';
import type { Pulses } from './pulses.ts';
import type { Tree } from './tree.ts';

/** Changes of files and names, for which an evaluation may have read either state. */
const written =
  inotifyMask.modify |
  inotifyMask.attributes |
  inotifyMask.movedFrom |
  inotifyMask.movedTo |
  inotifyMask.create |
  inotifyMask.delete;
const lost = inotifyMask.overflow | inotifyMask.ignored | inotifyMask.unmounted;

/** How often events are read beside each message, in milliseconds: the kernel keeps 16384. */
const interval = 20;

/** Observes which files of a tree one evaluator reads. What it does not see makes the whole observation void. */
export class Observer {
  readonly #inotify: Inotify;
  readonly #tree: Tree;
  /** Watch to folder. */
  readonly #folders = new Map<number, string>();
  readonly #pulses: Pulses;
  readonly #pulseWatches = new Set<number>();
  readonly #messages: Message[] = [];
  readonly #opened: Opened[] = [];
  readonly #timer: NodeJS.Timeout;
  /** Whether a file or name of the tree was written. */
  written = false;
  #complete = true;
  #started = false;
  #sawFlakeFile = false;

  private constructor(inotify: Inotify, tree: Tree, pulses: Pulses) {
    this.#inotify = inotify;
    this.#tree = tree;
    this.#pulses = pulses;
    this.#timer = setInterval(() => this.#drain(), interval);
    this.#timer.unref();
  }

  /**
   * Watches a tree, and the files that the evaluator opens at the end of each host. Undefined where it cannot: inotify is not to
   * be had, or too few watches are left.
   */
  static async begin(tree: Tree, pulses: Pulses): Promise<Observer | undefined> {
    const inotify = await Inotify.open();
    if (!inotify) {
      pulses.release();
      return undefined;
    }
    const observer = new Observer(inotify, tree, pulses);
    if (observer.#watch()) return observer;
    observer.end();
    return undefined;
  }

  #watch(): boolean {
    for (const folder of this.#tree.folders) {
      const path = join(this.#tree.root, folder);
      const watch = this.#inotify.watch(path, inotifyMask.open | written, 'folder');
      if (watch === undefined) return false;
      this.#folders.set(watch, folder);
    }
    for (const path of this.#pulses.paths) {
      const watch = this.#inotify.watch(path, inotifyMask.open, 'file');
      if (watch === undefined) return false;
      this.#pulseWatches.add(watch);
    }
    return true;
  }

  /** A message of Nix, at a level that is not shown to people. Returns the derivation that it reports, if any. */
  debugMessage(text: string): string | undefined {
    const drvPath = /^instantiated '.*' -> '(\/.*\.drv)'$/s.exec(text)?.[1];
    if (drvPath !== undefined) {
      this.#messages.push({ kind: 'derivation', drvPath });
      return drvPath;
    }
    const imported = /^evaluating file '(.*)'$/s.exec(text)?.[1];
    if (imported !== undefined) {
      // Files of the flake that are evaluated while it is locked are not evaluated again.
      this.#read(imported, 'file');
      return undefined;
    }
    if (!this.#started) return undefined;
    const copied =
      /^source path '(.*)' cache hit in '/s.exec(text)?.[1] ?? /^copied source '(.*)' -> '/s.exec(text)?.[1];
    if (copied !== undefined) this.#read(copied, 'whole');
    return undefined;
  }

  /** An impure evaluation reads what is not observed: the environment, the time, files elsewhere. */
  started(impure: boolean): void {
    this.#started = true;
    if (impure) this.#complete = false;
    this.#messages.push({ kind: 'started' });
  }

  used(name: string): void {
    this.#messages.push({ kind: 'use', name });
  }

  ended(host: string): void {
    this.#messages.push({ kind: 'end', host });
  }

  /** Ends the observation. What each host that ended has read; undefined if that is not known. */
  end(): Map<string, HostReads> | undefined {
    clearInterval(this.#timer);
    this.#drain();
    this.#inotify.close();
    this.#pulses.release();
    if (!this.#complete || this.written || !this.#started || !this.#sawFlakeFile) return undefined;
    return attributeReads(this.#messages, this.#opened);
  }

  /** A path that Nix names: a file, or a file or folder that it copies. */
  #read(path: string, extent: 'file' | 'whole'): void {
    const { root, entries, flakeFile } = this.#tree;
    const inside = path === root ? '' : path.startsWith(`${root}/`) ? path.slice(root.length + 1) : undefined;
    if (inside === undefined) return;
    const relative = inside.replace(/\/+$/, '');
    if (relative === flakeFile) this.#sawFlakeFile = true;
    if (this.#isFile(relative)) {
      this.#messages.push({ kind: 'read', path: relative });
      return;
    }
    const below = relative === '' ? '' : `${relative}/`;
    const files = [...entries.keys()].filter((entry) => entry.startsWith(below) && this.#isFile(entry));
    // Nix knows a path that Git does not list, or prints it in another form.
    if (extent === 'file' || (files.length === 0 && !this.#tree.folders.includes(relative)))
      this.#complete = false;
    for (const file of files) this.#messages.push({ kind: 'read', path: file });
  }

  #isFile(path: string): boolean {
    const entry = this.#tree.entries.get(path);
    return entry !== undefined && entry !== 'folder';
  }

  #drain(): void {
    let events: ReturnType<Inotify['read']>;
    try {
      events = this.#inotify.read();
    } catch {
      this.#complete = false;
      return;
    }
    for (const { watch, mask, name } of events) {
      if (mask & lost) this.#complete = false;
      else if (this.#pulseWatches.has(watch)) this.#opened.push('pulse');
      else this.#event(pathIn(this.#folders.get(watch) ?? '', name), mask, name);
    }
  }

  #event(path: string, mask: number, name: string): void {
    const { entries, folders } = this.#tree;
    const isKnown = entries.has(path) || folders.includes(path);
    // What Git does not track is not visible to Nix.
    if (mask & written && isKnown) this.written = true;
    if (mask & inotifyMask.open && name !== '' && this.#isFile(path)) this.#opened.push({ path });
  }
}

function pathIn(folder: string, name: string): string {
  if (name === '') return folder;
  return folder === '' ? name : `${folder}/${name}`;
}
