import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { FleetError } from '../lib/base/errors.ts';
import { run } from '../lib/base/process/run.ts';
import { parseStackConfig } from '../program/config/parse-config.ts';
import type { StackConfig } from '../schema/config.ts';

export interface StackOnDisk {
  /** Folder of the project, which relative paths of the config are seen from. */
  folder: string;
  config: StackConfig;
}

const printed = z.record(z.string(), z.object({ value: z.string().optional() }));

/**
 * The config of a stack of the project in the working directory or above it, for a command that runs outside of Pulumi; of the
 * selected stack where none is named. It is read with its secrets in the clear, and only then, where it has some.
 * @throws FleetError config-invalid
 */
export async function readStackConfig(stack: string | undefined): Promise<StackOnDisk> {
  const { folder, name } = findProject();
  const pulumi = async (...args: string[]) =>
    (await run('pulumi', [...args, '--non-interactive'], { timeoutSeconds: 120 })).stdout;
  const selected = stack ?? (await pulumi('stack', '--show-name')).trim();
  const read = async (...more: string[]) =>
    ownValues(name, await pulumi('config', '--json', '--stack', selected, ...more));
  const hidden = await read();
  const values = Object.values(hidden).includes(undefined) ? await read('--show-secrets') : hidden;
  return { folder, config: parseStackConfig(values as Record<string, string>, selected, console.error) };
}

/** The project's own keys in what `pulumi config --json` prints; a secret that is hidden is undefined. Pure. */
export function ownValues(project: string, json: string): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(printed.parse(JSON.parse(json)))
      .filter(([key]) => key.startsWith(`${project}:`))
      .map(([key, { value }]) => [key.slice(project.length + 1), value]),
  );
}

/** The name in a Pulumi.yaml. Pure. */
export function projectName(text: string): string | undefined {
  // JSON is YAML, too; of YAML itself a name needs no more than this.
  if (text.trimStart().startsWith('{')) return z.object({ name: z.string() }).parse(JSON.parse(text)).name;
  return /^name\s*:\s*["']?([\w.-]+)/m.exec(text)?.[1];
}

function findProject(from = process.cwd()): { folder: string; name: string } {
  const file = ['Pulumi.yaml', 'Pulumi.yml', 'Pulumi.json']
    .map((each) => join(from, each))
    .find((each) => existsSync(each));
  const name = file && projectName(readFileSync(file, 'utf8'));
  if (name !== undefined) return { folder: from, name };
  if (file === undefined && dirname(from) !== from) return findProject(dirname(from));
  throw new FleetError({
    code: 'config-invalid',
    what: file === undefined ? 'there is no Pulumi project here' : `${file} has no name`,
    fix: 'Run in the folder of the project, which holds Pulumi.yaml.',
  });
}
