import { ProcessError } from '../../base/process/process-error.ts';
import { streamOutput } from '../../base/process/stream.ts';
import { copyError } from './copy-error.ts';

/**
 * Valid store paths as one stream for `nix-store --import`.
 * @param paths each after the paths it refers to, as `requisites` sorts them
 * @throws FleetError as `copyClosure`
 */
export async function* exportPaths(
  paths: readonly string[],
  options: { host?: string; signal?: AbortSignal; onBytes?: (count: number) => void } = {},
): AsyncGenerator<Uint8Array> {
  const { host, signal, onBytes } = options;
  try {
    for await (const chunk of streamOutput('nix-store', ['--export', ...paths], { signal })) {
      onBytes?.(chunk.length);
      yield chunk;
    }
  } catch (error) {
    if (!(error instanceof ProcessError) || error.reason !== 'exit') throw error;
    throw copyError({ target: 'the machine', host, messages: [error.stderr] });
  }
}
