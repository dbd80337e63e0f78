import { isMap, parseDocument } from 'yaml';
import { sameValue } from '../../../lib/base/differences.ts';
import { FleetError } from '../../../lib/base/errors.ts';
import type { HostDraft } from './draft.ts';

export interface Merge {
  /** The new text of the file. */
  text: string;
  /** Settings that the file has otherwise, which stay. */
  kept: string[];
}

/**
 * Adds hosts to the text of a `Pulumi.<stack>.yaml`. What is there stays, comments too; a host gets the settings that it does not
 * have.
 * @throws FleetError config-invalid
 */
export function mergeHosts(
  text: string,
  namespace: string,
  { flake, hosts }: { flake: string; hosts: Readonly<Record<string, HostDraft>> },
): Merge {
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem)
    throw new FleetError({
      code: 'config-invalid',
      what: 'the stack’s config is no YAML',
      why: problem.message,
    });
  const kept: string[] = [];
  const add = (path: string[], value: unknown, shown: string): void => {
    if (!document.hasIn(path)) document.setIn(path, value);
    else if (!sameValue(plain(document.getIn(path)), value)) kept.push(shown);
  };
  const keys = (name: string) => ['config', `${namespace}:${name}`];
  add(keys('flake'), flake, `flake stays ${String(document.getIn(keys('flake')))}: ${flake} was read`);
  for (const [host, settings] of Object.entries(hosts)) {
    const path = [...keys('hosts'), host];
    // A host without settings is `web: {}`.
    if (!isMap(document.getIn(path))) document.setIn(path, document.createNode({}));
    for (const [key, value] of Object.entries(settings)) {
      if (key !== 'secrets') add([...path, key], value, `${host}: ${key} stays as it is`);
      else
        for (const [secret, file] of Object.entries(value as object))
          for (const [part, given] of Object.entries(file as object))
            add([...path, key, secret, part], given, `${host}: ${secret}.${part} stays as it is`);
    }
  }
  return { text: document.toString(), kept };
}

function plain(node: unknown): unknown {
  return typeof node === 'object' && node !== null && 'toJSON' in node
    ? (node as { toJSON(): unknown }).toJSON()
    : node;
}
