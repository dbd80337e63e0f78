import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { FleetError } from '../../../lib/base/errors.ts';
import { mapValues } from '../../../lib/base/map-values.ts';
import { pickBy } from '../../../lib/base/pick.ts';
import { runToEnd } from '../../../lib/base/process/run.ts';
import { formatPath } from '../../../lib/base/property-path.ts';
import { namespaceOf } from '../../../program/config/namespace.ts';
import { stackConfigFile } from '../../../program/config/parse-config.ts';
import { interruptSignal, print } from '../../command.ts';
import { findProject, selectedStack } from '../../stack-config.ts';
import type { Converted, HostDraft } from './draft.ts';
import { mergeHosts } from './merge.ts';
import { convertFlake, type Tool } from './read-flake.ts';

/** Writes what a flake says for another tool into the stack's config; returns the exit code. */
export async function convert(
  tool: Tool,
  given: string | undefined,
  name: string | undefined,
): Promise<number> {
  const signal = interruptSignal();
  const { folder, name: project } = findProject();
  const stack = await selectedStack(name);
  const file = stackConfigFile(stack);
  const before = await readText(join(folder, file));
  const namespace = namespaceOf(before, project);
  const flake = given ?? flakeIn(before, namespace) ?? './nix';
  const converted = await convertFlake(tool, { flake, folder, signal });
  const { hosts, values } = converted;
  // A hive without a flake gets one beside it.
  const folderOrFlake = flake.endsWith('.nix') ? dirname(flake) : flake;
  const write = async (part: Record<string, HostDraft>) => {
    const merged = mergeHosts(await readText(join(folder, file)), namespace, {
      flake: folderOrFlake,
      hosts: part,
    });
    await writeFile(join(folder, file), merged.text);
    return merged.kept;
  };
  // A secret without its value is no valid config.
  const kept = await write(
    mapValues(hosts, (settings) => withSecrets(settings, (secret) => !('value' in secret))),
  );
  for (const { path, value } of values) {
    const key = `${namespace}:${formatPath(['hosts', ...path])}`;
    await setSecret(key, value, stack);
  }
  if (values.length > 0)
    kept.push(...(await write(mapValues(hosts, (settings) => withSecrets(settings, () => true)))));
  print(report(file, converted, kept));
  return Object.keys(hosts).length === 0 ? 1 : 0;
}

/** A host's settings with some of its secrets, none with a value in plain text. */
function withSecrets(settings: HostDraft, isWritten: (secret: object) => boolean): HostDraft {
  const { secrets, ...rest } = settings as { secrets?: Record<string, object> };
  if (!secrets) return settings;
  const written = pickBy(secrets, (name) => isWritten(secrets[name] ?? {}));
  const hidden = mapValues(written, (secret) => {
    const { value: _, ...others } = secret as { value?: string };
    return others;
  });
  return Object.keys(hidden).length > 0 ? { ...rest, secrets: hidden } : rest;
}

async function setSecret(key: string, value: string, stack: string): Promise<void> {
  const args = ['config', 'set', '--secret', '--path', key, '--stack', stack, '--non-interactive'];
  const { exitCode, stderr } = await runToEnd('pulumi', args, {
    input: value,
    timeoutSeconds: 120,
    redact: [value],
  });
  if (exitCode === 0) return;
  throw new FleetError({
    code: 'config-invalid',
    what: `${key} could not be encrypted`,
    why: stderr.trim(),
    fix: 'All but such secrets is in the stack’s config. Fix it, then run the command again.',
  });
}

async function readText(path: string): Promise<string> {
  return existsSync(path) ? await readFile(path, 'utf8') : '';
}

function flakeIn(text: string, namespace: string): string | undefined {
  const { config } = (parse(text) ?? {}) as { config?: Record<string, unknown> };
  const flake = config?.[`${namespace}:flake`];
  return typeof flake === 'string' ? flake : undefined;
}

function report(file: string, { hosts, values, left }: Converted, kept: readonly string[]): string {
  const names = Object.keys(hosts);
  const lines = [
    `${file}: ${names.length} host${names.length === 1 ? '' : 's'}`,
    ...names.map((name) => `  ${name}: ${describeDraft(hosts[name] ?? {})}`),
  ];
  if (values.length > 0)
    lines.push(`${values.length} of their secrets ${values.length === 1 ? 'is' : 'are'} encrypted in it`);
  if (kept.length > 0) lines.push('', 'the file has it otherwise:', ...kept.map((line) => `  ${line}`));
  if (left.length > 0)
    lines.push('', 'not taken over:', ...left.map(({ host, what }) => `  ${host ? `${host}: ` : ''}${what}`));
  if (names.length > 0) lines.push('', 'Next: npm run adopt -- --dry-run');
  return `${lines.join('\n')}\n`;
}

function describeDraft(settings: HostDraft): string {
  const parts = Object.entries(settings).map(([key, value]) =>
    key === 'secrets' ? `secrets ${Object.keys(value as object).join(', ')}` : `${key} ${text(value)}`,
  );
  return parts.join('; ') || 'as its name says';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
