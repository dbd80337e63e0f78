/** Bytes in MiB, with one decimal. */
export function mebibytes(bytes: number): number {
  return Number((bytes / 2 ** 20).toFixed(1));
}

/** '12 KiB', '3.5 MiB', '120 MiB': one decimal below 10 MiB, a whole number above; KiB where it would be 0 MiB. */
export function formatSize(bytes: number): string {
  const size = mebibytes(bytes);
  if (size === 0 && bytes > 0) return `${Math.ceil(bytes / 1024)} KiB`;
  return `${size < 10 ? size : Math.round(size)} MiB`;
}

/** Bytes of the first size of formatSize() in a text; 0 without one. */
export function parseSize(text: string): number {
  const [, size, unit] = /([\d.]+) ([KM])iB/.exec(text) ?? [];
  return Number(size ?? 0) * (unit === 'K' ? 2 ** 10 : 2 ** 20);
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
