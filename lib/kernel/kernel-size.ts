import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { readJson, writeJson } from '../base/files.ts';
import { cacheRoot } from '../base/home.ts';
import { readDerivation } from '../store/nix/derivation.ts';
import { storeName } from '../store/nix/nix.ts';

/** How much a kernel is to compile. */
export interface KernelSize {
  files: number;
  /** Symbols that are `y` or `m`. */
  symbols: number;
}

/** Files for each symbol, where no kernel of this version was compiled yet: measured with the lab's kernel, 1414 for 608. */
const filesPerSymbol = 2.3;

const sizes = z.record(z.string(), z.object({ files: z.number(), symbols: z.number() }));

/** What a kernel's .config lets expect, which is built before the kernel; undefined if the derivation names none. */
export async function kernelSizeOf(drvPath: string): Promise<KernelSize | undefined> {
  const file = configFileOf((await readDerivation(drvPath))?.env ?? {});
  if (file === undefined) return undefined;
  return sizeOfConfig(await readFile(file, 'utf8').catch(() => ''));
}

/** The .config that a kernel's derivation uses, whatever variable names it. */
export function configFileOf(env: Readonly<Record<string, string>>): string | undefined {
  return /\/nix\/store\/[0-9a-z]{32}-linux-config-[\w.+-]+/.exec(Object.values(env).join('\n'))?.[0];
}

export function sizeOfConfig(text: string): KernelSize | undefined {
  const symbols = text.match(/^CONFIG_\w+=[ym]$/gm)?.length ?? 0;
  return symbols === 0 ? undefined : { symbols, files: Math.round(symbols * filesPerSymbol) };
}

/** The size as it follows from the last kernel of the same version that was compiled on this computer. */
export async function recallSize(
  drvPath: string,
  size: KernelSize | undefined,
  file = sizesFile(),
): Promise<KernelSize | undefined> {
  const before = (await readJson(file, sizes).catch(() => undefined))?.[versionOf(drvPath)];
  return size && before
    ? { ...size, files: Math.round((before.files * size.symbols) / before.symbols) }
    : size;
}

/** Remembers the size of a kernel that was compiled. */
export async function rememberSize(drvPath: string, size: KernelSize, file = sizesFile()): Promise<void> {
  const known = await readJson(file, sizes).catch(() => undefined);
  await writeJson(file, { ...known, [versionOf(drvPath)]: size });
}

function sizesFile(): string {
  return join(cacheRoot(), 'kernel-sizes.json');
}

/** 'linux-6.12' of '…-linux-6.12.5.drv': patch releases have the same size. */
function versionOf(drvPath: string): string {
  return storeName(drvPath).replace(/^(.*-\d+\.\d+)(?=[.-]).*$/, '$1');
}
