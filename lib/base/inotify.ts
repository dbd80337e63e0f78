import { close, readSync } from 'node:fs';

/** Bits of inotify's masks (inotify.h). */
export const inotifyMask = {
  modify: 0x2,
  attributes: 0x4,
  open: 0x20,
  movedFrom: 0x40,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  overflow: 0x4000,
  ignored: 0x8000,
  unmounted: 0x2000,
} as const;

const onlyFolders = 0x01000000;
const noFollow = 0x02000000;
const nonBlockingCloseOnExec = 0o2000000 | 0o4000;

export interface InotifyEvent {
  watch: number;
  mask: number;
  /** Entry of the watched folder; empty for the watched path itself. */
  name: string;
}

type Calls = Awaited<ReturnType<typeof loadCalls>>;
let calls: Promise<Calls | undefined> | undefined;

/** Node.js has no access to inotify's IN_OPEN. koffi is an optional dependency, which loads nowhere but on its own platforms. */
async function loadCalls() {
  const koffi = (await import('koffi')).default;
  const libc = koffi.load(null);
  return {
    init: libc.func('int inotify_init1(int flags)') as (flags: number) => number,
    add: libc.func('int inotify_add_watch(int fd, const char *path, uint32_t mask)') as (
      fd: number,
      path: string,
      mask: number,
    ) => number,
  };
}

/** Events of files, read without waiting. */
export class Inotify {
  readonly #fd: number;
  readonly #calls: Calls;
  readonly #buffer = Buffer.alloc(1 << 16);

  private constructor(fd: number, loaded: Calls) {
    this.#fd = fd;
    this.#calls = loaded;
  }

  /** Undefined where inotify is not to be had: not Linux, no koffi, or the user's limit of instances is reached. */
  static async open(): Promise<Inotify | undefined> {
    if (process.platform !== 'linux') return undefined;
    calls ??= loadCalls().catch(() => undefined);
    const loaded = await calls;
    if (!loaded) return undefined;
    const fd = loaded.init(nonBlockingCloseOnExec);
    return fd < 0 ? undefined : new Inotify(fd, loaded);
  }

  /** Watches a folder, or a file; undefined if it cannot be watched (not there, or the user's limit of watches is reached). */
  watch(path: string, mask: number, kind: 'folder' | 'file'): number | undefined {
    const watch = this.#calls.add(this.#fd, path, mask | noFollow | (kind === 'folder' ? onlyFolders : 0));
    return watch < 0 ? undefined : watch;
  }

  /** All events since the last call. */
  read(): InotifyEvent[] {
    const events: InotifyEvent[] = [];
    for (;;) {
      let length = 0;
      try {
        length = readSync(this.#fd, this.#buffer);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return events;
        throw error;
      }
      if (length === 0) return events;
      events.push(...parseEvents(this.#buffer.subarray(0, length)));
    }
  }

  /** Not waited for: the kernel takes ten milliseconds for an instance with watches. */
  close(): void {
    close(this.#fd, () => undefined);
  }
}

/** struct inotify_event: wd, mask, cookie, len, name padded with zeros; in the byte order of the computer. */
function parseEvents(buffer: Buffer): InotifyEvent[] {
  const events: InotifyEvent[] = [];
  const { buffer: bytes, byteOffset } = buffer;
  const words = new DataView(bytes, byteOffset, buffer.length);
  const little = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  for (let at = 0; at + 16 <= buffer.length; ) {
    const length = words.getUint32(at + 12, little);
    const name = buffer.toString('utf8', at + 16, at + 16 + length).replace(/\0.*$/s, '');
    events.push({ watch: words.getInt32(at, little), mask: words.getUint32(at + 4, little), name });
    at += 16 + length;
  }
  return events;
}
