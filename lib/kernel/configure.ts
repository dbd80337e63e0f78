import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { EvaluatedKernel } from '../../schema/evaluation.ts';
import { FleetError } from '../base/errors.ts';
import { cacheRoot } from '../base/home.ts';
import { parseKernelConfig } from '../evaluation/condense-kernel.ts';
import { buildDerivations } from '../store/nix/build.ts';
import { describeDropped, droppedSymbols } from './dropped.ts';
import { readKconfig } from './kconfig/definitions.ts';
import { readFileIn, withSource } from './kconfig/source.ts';

export interface ConfiguredKernels {
  /** Each kernel with its whole configuration, if Kconfig could be run for it. */
  kernels: Record<string, EvaluatedKernel>;
  /** Symbols that Kconfig dropped or changed, and kernels that could not be configured. */
  warnings: string[];
}

/**
 * Runs Kconfig for each kernel without compiling it; the sources and Kconfig's tools are built or fetched if they are missing.
 * A kernel that cannot be configured keeps the symbols of its evaluation, with a warning.
 * @throws FleetError `cancelled`
 */
export async function configureKernels(
  kernels: Readonly<Record<string, EvaluatedKernel>>,
  {
    signal = new AbortController().signal,
    onProgress,
  }: { signal?: AbortSignal; onProgress?: (message: string) => void } = {},
): Promise<ConfiguredKernels> {
  const result: ConfiguredKernels = { kernels: { ...kernels }, warnings: [] };
  const requests = Object.entries(kernels).flatMap(([key, { configuration }]) =>
    configuration
      ? [{ key, ...configuration, gcRoot: join(cacheRoot(), 'configs', basename(configuration.outPath)) }]
      : [],
  );
  const built = await buildDerivations(requests, {
    signal,
    onProgress: (message) => onProgress?.(`configuring kernels: ${message}`),
  });
  for (const { key, drvPath, outPath } of requests) {
    const kernel = kernels[key];
    const build = built.get(drvPath);
    if (!kernel || !build) continue;
    if (!build.ok) {
      if (build.error.code === 'cancelled') throw build.error;
      result.warnings.push(notConfigured(kernel, build.error));
      continue;
    }
    const configured = parseKernelConfig(await readFile(outPath, 'utf8'));
    result.kernels[key] = { ...kernel, configured };
    result.warnings.push(...(await droppedWarning({ ...kernel, configured }, signal)));
  }
  return result;
}

async function droppedWarning(
  kernel: EvaluatedKernel & { configured: Record<string, string> },
  signal: AbortSignal,
): Promise<string[]> {
  const dropped = droppedSymbols(kernel);
  if (dropped.length === 0) return [];
  const arch = architecture(kernel.configured);
  const tree = await withSource(
    kernel.sourcePath,
    ['*Kconfig*'],
    (folder) => readKconfig((path) => readFileIn(folder, path), arch),
    signal,
  );
  const lines = describeDropped(dropped, kernel.configured, tree);
  return [
    [`kernel ${kernel.version}: Kconfig did not set these symbols as requested:`, ...lines].join('\n  '),
  ];
}

/** Folder of arch/ with the architecture's Kconfig files. */
function architecture(configured: Readonly<Record<string, string>>): string {
  const folders = { ARM64: 'arm64', ARM: 'arm', RISCV: 'riscv', LOONGARCH: 'loongarch', PPC: 'powerpc' };
  return Object.entries(folders).find(([symbol]) => configured[symbol] === 'y')?.[1] ?? 'x86';
}

function notConfigured({ version }: EvaluatedKernel, error: FleetError): string {
  return new FleetError({
    code: 'build-failed',
    what: `kernel ${version}: Kconfig could not be run, so only the requested symbols are shown`,
    why: error.why,
    fix: error.fix,
  }).message;
}
