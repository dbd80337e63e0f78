import type { EvaluatedKernel } from '../../schema/evaluation.ts';
import type { RawKernel } from './raw-facts.ts';

/** Facts of a kernel, with its config symbols as a map. */
export function condenseKernel(raw: RawKernel): EvaluatedKernel {
  const text = raw.configText ?? '';
  return {
    version: raw.version,
    modDirVersion: raw.modDirVersion,
    drvPath: raw.drvPath,
    outPath: raw.out,
    source: lastingName(raw.source?.name ?? ''),
    sourceRevision: raw.source?.revision ?? '',
    patches: Object.fromEntries(
      (raw.patches ?? []).map(({ name, patch }, index) => [
        name || `patch ${index + 1}`,
        lastingName(patch).trim(),
      ]),
    ),
    config: text ? parseKernelConfig(text) : withoutPrefix(raw.config ?? {}),
    dev: raw.dev ?? '',
    configOrigin: !text ? 'asked' : isWhole(text) ? 'whole' : 'fragment',
    optional: raw.optional ?? [],
    knownReleases: raw.releases ?? {},
    sourcePath: raw.source?.path ?? '',
    ...(raw.configuration
      ? { configuration: { drvPath: raw.configuration.drvPath, outPath: raw.configuration.out } }
      : {}),
  };
}

/** Kconfig writes this above each .config; a fragment, written by hand, has no such line. */
function isWhole(text: string): boolean {
  return /^# .* Kernel Configuration$/m.test(text) || /^# Automatically generated file/m.test(text);
}

/** A Linux .config: `CONFIG_KVM=m` and `# CONFIG_XEN is not set`. */
export function parseKernelConfig(text: string): Record<string, string> {
  const config: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const set = /^CONFIG_(\w+)=(.*)$/.exec(line);
    const unset = /^# CONFIG_(\w+) is not set/.exec(line);
    if (set?.[1]) config[set[1]] = (set[2] ?? '').replace(/^"(.*)"$/, '$1');
    else if (unset?.[1]) config[unset[1]] = 'n';
  }
  return config;
}

function withoutPrefix(config: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).map(([symbol, value]) => [symbol.replace(/^CONFIG_/, ''), value]),
  );
}

function lastingName(name: string): string {
  return name.replace(/^[0-9a-z]{32}-/, '');
}
