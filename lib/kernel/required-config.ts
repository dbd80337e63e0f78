import { type KnownKernel, symbolValue } from './symbols.ts';

/** Without these a NixOS machine does not come to its login: the kernel, the initrd or systemd stop. */
const bootSymbols = new Set(
  (
    'BINFMT_ELF BLK_DEV_INITRD CGROUPS DEVTMPFS EFI_STUB EPOLL INOTIFY_USER PROC_FS SIGNALFD SYSFS TIMERFD ' +
    'TMPFS UNIX'
  ).split(' '),
);

export interface Lacking {
  symbol: string;
  /** As a line for a .config: `CONFIG_CGROUPS=y`. */
  line: string;
  /** What it is now; undefined where the configuration does not name it, so that Kconfig decides. */
  is: string | undefined;
  /** Whether no machine comes up without it. */
  needed: boolean;
}

/**
 * Symbols that the configuration asks for (`system.requiredKernelConfig`) and the kernel does not have. What nothing says
 * counts as there in nixpkgs' own configuration, which has nearly all, and as lacking in a file.
 */
export function lackingSymbols(required: Readonly<Record<string, string>>, kernel: KnownKernel): Lacking[] {
  return Object.entries(required)
    .filter(([symbol, accepted]) => {
      const value = symbolValue(kernel, symbol);
      return value === undefined ? kernel.configOrigin !== 'asked' : !accepted.includes(value);
    })
    .map(([symbol, accepted]) => ({
      symbol,
      line: `CONFIG_${symbol}=${accepted[0] ?? 'y'}`,
      is: symbolValue(kernel, symbol),
      needed: bootSymbols.has(symbol),
    }))
    .sort((a, b) => a.symbol.localeCompare(b.symbol));
}
