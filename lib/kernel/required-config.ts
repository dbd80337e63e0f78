import { type KnownKernel, symbolValue } from './symbols.ts';

/** Without these no NixOS machine boots: the kernel, the initrd or systemd fails. */
const bootSymbols = new Set(
  (
    'BINFMT_ELF BLK_DEV_INITRD CGROUPS DEVTMPFS EFI_STUB EPOLL INOTIFY_USER PROC_FS SIGNALFD SYSFS TIMERFD ' +
    'TMPFS UNIX'
  ).split(' '),
);

export interface MissingSymbol {
  symbol: string;
  /** As a line for a .config: `CONFIG_CGROUPS=y`. */
  line: string;
  /** Its current value; undefined if the configuration does not name it, so that Kconfig decides. */
  actual: string | undefined;
  /** Whether no machine boots without it. */
  neededToBoot: boolean;
}

/**
 * Symbols that the configuration requires (`system.requiredKernelConfig`) and the kernel does not have. A symbol that is not
 * named counts as set in nixpkgs' own configuration, which sets nearly all, and as missing in a configuration file.
 * @param required symbol to its accepted values, one letter each
 */
export function missingSymbols(
  required: Readonly<Record<string, string>>,
  kernel: KnownKernel,
): MissingSymbol[] {
  return Object.entries(required)
    .filter(([symbol, accepted]) => {
      const value = symbolValue(kernel, symbol);
      return value === undefined ? kernel.configOrigin !== 'asked' : !accepted.includes(value);
    })
    .map(([symbol, accepted]) => ({
      symbol,
      line: `CONFIG_${symbol}=${accepted[0] ?? 'y'}`,
      actual: symbolValue(kernel, symbol),
      neededToBoot: bootSymbols.has(symbol),
    }))
    .sort((a, b) => a.symbol.localeCompare(b.symbol));
}
