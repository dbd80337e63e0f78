/** Bytes in MiB, with one decimal. */
export function mebibytes(bytes: number): number {
  return Number((bytes / 2 ** 20).toFixed(1));
}

/** '3.5 MiB', '120 MiB': one decimal below 10 MiB, a whole number above. */
export function formatMiB(bytes: number): string {
  const size = mebibytes(bytes);
  return `${size < 10 ? size : Math.round(size)} MiB`;
}

/** '1073741824 bytes (1 GiB)': exact, for comparing sizes. */
export function formatBytes(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${bytes} bytes (${Number(value.toFixed(1))} ${units[unit]})`;
}
