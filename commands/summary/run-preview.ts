import { presentable } from '../../lib/base/presentable.ts';
import { runToEnd } from '../../lib/base/process/run.ts';
import { type Preview, parsePreview } from './parse-preview.ts';

export interface PreviewRequest {
  /** Default: the selected stack. */
  stack?: string | undefined;
  /** Further options of `pulumi preview`, such as `--save-plan FILE`. */
  options: readonly string[];
  signal: AbortSignal;
}

/** Runs `pulumi preview --json`. `failure` is Pulumi's error output, if it failed. */
export async function runPreview({
  stack,
  options,
  signal,
}: PreviewRequest): Promise<{ preview: Preview; failure?: string }> {
  const named = stack === undefined ? [] : ['--stack', stack];
  const { exitCode, stdout, stderr } = await runToEnd(
    'pulumi',
    ['preview', '--json', '--show-sames', '--non-interactive', ...named, ...options],
    { signal, onStderrLine: (line) => process.stderr.write(`${presentable(line)}\n`) },
  );
  if (exitCode === 0) return { preview: parsePreview(stdout) };
  const failure = stderr.trim() || `pulumi preview failed with exit code ${exitCode}`;
  // If Pulumi fails before the program runs, there is no preview.
  const preview = stdout.trim().startsWith('{') ? parsePreview(stdout) : { steps: [], diagnostics: [] };
  return { preview, failure };
}
