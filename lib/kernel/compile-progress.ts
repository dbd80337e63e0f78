import { type Clock, realClock } from '../base/clock.ts';
import { storeName } from '../store/nix/nix.ts';
import { type KernelSize, kernelSizeOf, recallSize, rememberSize } from './kernel-size.ts';

/** A line of Kbuild that begins to compile a file for the kernel: `  CC [M]  fs/ext4/super.o`. */
const compiles = /^ {2}(CC|AS)( \[M\])? +\S/;

/** Milliseconds between two messages: each is a line in a CI's log. */
const interval = 5000;

interface Compiling {
  begun: number;
  files: number;
  size: KernelSize | undefined;
  shown: number;
}

export interface CompileProgressOptions {
  clock?: Clock;
  /** How many files a kernel has, as far as that is known before it is compiled. */
  sizeOf?: (drvPath: string) => Promise<KernelSize | undefined>;
  remember?: (drvPath: string, size: KernelSize) => Promise<void>;
}

/** Reports how far kernels are compiled, from the log lines of their builds. */
export class CompileProgress {
  readonly #builds = new Map<string, Compiling>();
  readonly #report: (drvPath: string, message: string) => void;
  readonly #clock: Clock;
  readonly #sizeOf: (drvPath: string) => Promise<KernelSize | undefined>;
  readonly #remember: (drvPath: string, size: KernelSize) => Promise<void>;

  constructor(
    report: (drvPath: string, message: string) => void,
    {
      clock = realClock,
      sizeOf = async (drvPath) => await recallSize(drvPath, await kernelSizeOf(drvPath)),
      remember = rememberSize,
    }: CompileProgressOptions = {},
  ) {
    this.#report = report;
    this.#clock = clock;
    this.#sizeOf = sizeOf;
    this.#remember = remember;
  }

  /** Takes a log line of a build. */
  line(drvPath: string, text: string): void {
    if (!compiles.test(text)) return;
    const now = this.#clock.now();
    const build = this.#builds.get(drvPath) ?? this.#begin(drvPath, now);
    build.files++;
    if (now - build.shown < interval) return;
    build.shown = now;
    this.#report(drvPath, `compiling ${storeName(drvPath)}: ${progressOf(build, now - build.begun)}`);
  }

  /** Remembers the sizes of the kernels that were compiled whole, as far as the cache folder can be written. */
  async end(isBuilt: (drvPath: string) => boolean): Promise<void> {
    for (const [drvPath, { files, size }] of this.#builds)
      if (size && isBuilt(drvPath)) await this.#remember(drvPath, { ...size, files }).catch(() => undefined);
  }

  #begin(drvPath: string, now: number): Compiling {
    const build: Compiling = { begun: now, files: 0, size: undefined, shown: now };
    this.#builds.set(drvPath, build);
    void this.#sizeOf(drvPath).then((size) => {
      build.size = size;
    });
    return build;
  }
}

/** '512 of about 1414 files, 3 min left'. */
function progressOf({ files, size }: Compiling, milliseconds: number): string {
  if (!size || files > size.files) return `${files} files`;
  const left = (milliseconds / files) * (size.files - files);
  const minutes = Math.ceil(left / 60_000);
  return `${files} of about ${size.files} files, ${minutes > 1 ? `${minutes} min` : 'a minute'} left`;
}
