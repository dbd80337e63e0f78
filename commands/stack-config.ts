import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { FleetError } from '../lib/base/errors.ts';
import { mapValues } from '../lib/base/map-values.ts';
import { stackValues } from '../program/config/namespace.ts';
import { parseStackConfig } from '../program/config/parse-config.ts';
import type { StackConfig } from '../schema/config.ts';
import { askPulumi } from './pulumi-stack.ts';

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
  const { folder, project, selected, values } = await readValues(stack);
  const config = parseStackConfig(values, selected, console.error);
  return { folder, project, stack: selected.split('/').at(-1) ?? selected, config };
}

const tagged = z.record(
  z.string(),
  z.object({ tags: z.array(z.string()).optional().catch(undefined) }).catch({}),
);

/**
 * The tags of a stack's hosts. A project with a program of its own may have no hosts in its config, or other keys. Secrets are
 * decrypted only if the hosts have some.
 */
export async function readTags(stack: string | undefined): Promise<Record<string, string[] | undefined>> {
  const { values } = await readValues(stack, (hidden) => 'hosts' in hidden && hidden.hosts === undefined);
  return tagsOf(values.hosts);
}

/** The tags in the text of the config key `hosts`. */
export function tagsOf(hosts: string | undefined): Record<string, string[] | undefined> {
  // A text that does not begin like an object is another program's.
  const parsed = hosts?.trimStart().startsWith('{') ? tagged.safeParse(JSON.parse(hosts)).data : {};
  return mapValues(parsed ?? {}, ({ tags }) => tags);
}

type Values = Record<string, string | undefined>;

/** The project's own values in a stack's config, with the stack's name. */
async function readValues(
  stack: string | undefined,
  needsSecrets = (hidden: Values) => Object.values(hidden).includes(undefined),
) {
  const { folder, name } = findProject();
  const selected = await selectedStack(stack);
  const what = `cannot read the config of the stack '${selected}'`;
  const read = async (...more: string[]) =>
    ownValues(name, await askPulumi(what, ['config', '--json', '--stack', selected, ...more]));
  const hidden = await read();
  const values = needsSecrets(hidden) ? await read('--show-secrets') : hidden;
  return { folder, project: name, selected, values: values as Record<string, string> };
}

/** The name of a stack, by default the selected one. */
export async function selectedStack(stack: string | undefined): Promise<string> {
  if (stack !== undefined) return stack;
  return (await askPulumi('cannot read which stack is selected', ['stack', '--show-name'])).trim();
}

/** The program's keys in the output of `pulumi config --json`; an encrypted value is undefined. */
export function ownValues(project: string, json: string): Record<string, string | undefined> {
  return mapValues(stackValues(project, printed.parse(JSON.parse(json))), ({ value }) => value);
}

/** The project's name in a Pulumi.yaml. */
export function projectName(text: string): string | undefined {
  // Pulumi.yaml may be JSON.
  if (text.trimStart().startsWith('{')) return z.object({ name: z.string() }).parse(JSON.parse(text)).name;
  return /^name\s*:\s*["']?([\w.-]+)/m.exec(text)?.[1];
}

/** The project in the working directory or above. @throws FleetError config-invalid */
export function findProject(from = process.cwd()): { folder: string; name: string } {
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
