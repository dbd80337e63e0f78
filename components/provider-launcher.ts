import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const mark = '# Starts the nixos provider of the nearest nixos-fleet package.';

/** The script that Pulumi starts as the plugin `nixos`. @param provider the provider's folder where the project has none */
export function launcherText(provider: string): string {
  return `#!/bin/sh
${mark} Pulumi runs it in the project's folder.
folder=$PWD
while [ "$folder" != / ]; do
	provider=$folder/node_modules/nixos-fleet/provider/pulumi-resource-nixos
	[ ! -x "$provider" ] || exec "$provider" "$@"
	folder=$(dirname -- "$folder")
done
exec '${provider.replaceAll("'", "'\\''")}/pulumi-resource-nixos' "$@"
`;
}

/**
 * Puts the launcher into Pulumi's folder of plugins, so that Pulumi finds the provider of an installed package. A plugin of the same
 * version that is there already stays.
 * @param root the package's folder
 */
export function installLauncher(
  root: string,
  home = process.env.PULUMI_HOME || join(homedir(), '.pulumi'),
): void {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const folder = join(home, 'plugins', `resource-nixos-v${version}`);
  const file = join(folder, 'pulumi-resource-nixos');
  const text = launcherText(join(root, 'provider'));
  const installed = existsSync(file) ? readFileSync(file, 'latin1') : undefined;
  if (installed !== undefined && (installed === text || !installed.includes(mark))) return;
  mkdirSync(folder, { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, text);
  chmodSync(temporary, 0o755);
  renameSync(temporary, file);
}
