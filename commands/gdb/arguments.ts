/** Files of a kernel for GDB, as absolute paths. */
export interface DebugKernel {
  /** The kernel with its symbols. */
  vmlinux: string;
  /** The kernel's GDB scripts (`vmlinux-gdb.py` and the folder `linux`), if it has them. */
  scripts?: string;
  /** Where the sources are now, and where they were when it was compiled. */
  sources?: { from: string; to: string };
}

/** Arguments of GDB for a kernel behind a stub on this computer; the user's own come last. */
export function gdbArguments(
  { vmlinux, scripts, sources }: DebugKernel,
  port: number,
  rest: readonly string[] = [],
): string[] {
  const commands = [
    ...(scripts
      ? [
          `python import sys; sys.path.insert(0, ${JSON.stringify(scripts)})`,
          `source ${scripts}/vmlinux-gdb.py`,
        ]
      : []),
    ...(sources ? [`set substitute-path ${sources.from} ${sources.to}`] : []),
    `target remote 127.0.0.1:${port}`,
  ];
  return ['-q', ...commands.flatMap((command) => ['-ex', command]), ...rest, vmlinux];
}
