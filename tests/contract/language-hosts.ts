import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../lib/base/process/run.ts';

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nixos-fleet/v1');

/** Whether the language hosts for YAML and Python are there, or may be built (LANGUAGES=1). */
function areThere(): boolean {
  if (process.env.LANGUAGES) return true;
  const built = existsSync(cache) && readdirSync(cache).some((name) => /^languages-[\d.]+-\d+$/.test(name));
  return (
    built ||
    (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'pulumi-language-yaml')))
  );
}

/** Why tests with other languages are skipped. */
export const withoutLanguages =
  !areThere() && "Pulumi's language hosts are not there; LANGUAGES=1 builds them (Go, 4 GB, some minutes)";

/** The environment in which Pulumi finds them; `generators` is a folder to put before PATH where SDKs are generated. */
export async function languageEnvironment(): Promise<{ env: Record<string, string>; generators: string }> {
  const script = 'printf "%s\\n" "$PATH" "$PULUMI_PYTHON_CMD" "$NIXOS_FLEET_GENERATORS"';
  const languages = new URL('../../setup/languages', import.meta.url).pathname;
  const { stdout } = await run(languages, ['sh', '-c', script], { timeoutSeconds: 1800 });
  const [PATH = '', python = '', generators = ''] = stdout.split('\n');
  return { env: { PATH, PULUMI_PYTHON_CMD: python || 'python3' }, generators };
}
