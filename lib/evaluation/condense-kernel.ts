import type { EvaluatedKernel } from '../../schema/evaluation.ts';
import type { RawKernel } from './raw-facts.ts';

/** Turns a raw kernel into what is recorded and shown. */
export function condenseKernel(raw: RawKernel): EvaluatedKernel {
  const text = raw.configText ?? '';
  return {
    version: raw.version,
    modDirVersion: raw.modDirVersion,
    drvPath: raw.drvPath,
    outPath: raw.out,
    source: withoutStoreHash(raw.source?.name ?? ''),
    sourceRevision: raw.source?.revision ?? '',
    patches: Object.fromEntries(
      (raw.patches ?? []).map(({ name, patch }, index) => [
        name || `patch ${index + 1}`,
        withoutStoreHash(patch).trim(),
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

/** Whether Kconfig wrote the file: it adds this comment, which a fragment written by hand does not have. */
function isWhole(text: string): boolean {
  return /^# .* Kernel Configuration$/m.test(text) || /^# Automatically generated file/m.test(text);
}

/** Parses a Linux .config: `CONFIG_KVM=m` and `# CONFIG_XEN is not set`. */
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

function withoutStoreHash(name: string): string {
  return name.replace(/^[0-9a-z]{32}-/, '');
}
