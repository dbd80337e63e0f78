import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { FleetError } from '../lib/base/errors.ts';
import { run } from '../lib/base/process/run.ts';
import { parseStackConfig } from '../program/config/parse-config.ts';
import type { StackConfig } from '../schema/config.ts';

export interface StackOnDisk {
  /** The project's folder, the base of relative paths. */
  folder: string;
  /** The project's name. */
  project: string;
  /** The stack's name, without organization and project. */
  stack: string;
  config: StackConfig;
}

const printed = z.record(z.string(), z.object({ value: z.string().optional() }));

/**
 * Reads the config of a stack, by default the selected one, of the project in the working directory or above, for a command that
 * runs outside of Pulumi. Secrets are decrypted if there are any.
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
  const config = parseStackConfig(values as Record<string, string>, selected, console.error);
  return { folder, project: name, stack: selected.split('/').at(-1) ?? selected, config };
}

/** The project's own keys in the output of `pulumi config --json`; an encrypted value is undefined. */
export function ownValues(project: string, json: string): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(printed.parse(JSON.parse(json)))
      .filter(([key]) => key.startsWith(`${project}:`))
      .map(([key, { value }]) => [key.slice(project.length + 1), value]),
  );
}

/** The project's name in a Pulumi.yaml. */
export function projectName(text: string): string | undefined {
  // Pulumi.yaml may be JSON.
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
