import type { Derivation } from '../../store/nix/derivation.ts';
import { hashPart } from './names.ts';

/** Where a derivation names a store path. */
export interface Context {
  /** The attribute, such as `buildCommand`; numbers of lists are left out. */
  attribute: string;
  /** The words before it on its line, such as `ln -s`. */
  words: string;
}

/** The places at which a derivation names store paths, by the hash parts of these. */
export type Mentions = ReadonlyMap<string, readonly Context[]>;

/** A store path with its folder, up to what follows it in a text. */
const named = /\/(?:[^\s/]+\/)+[0-9a-z]{32}-[^\s/:;'"]*/g;
const storePath = /\/[0-9abcdfghijklmnpqrsvwxyz]{32}-[0-9A-Za-z+\-._?=]+/g;

/** Finds the store paths that a derivation names, except as its own outputs. */
export function findMentions({ env, args, outputs }: Derivation): Mentions {
  const found = new Map<string, Context[]>();
  const own = new Set(Object.values(outputs).map(hashPart));
  for (const [attribute, text] of texts(env, args)) {
    for (const match of text.matchAll(storePath)) {
      const hash = hashPart(match[0]);
      if (own.has(hash)) continue;
      const context = { attribute, words: wordsBefore(text, match.index) };
      const contexts = found.get(hash) ?? [];
      found.set(hash, contexts);
      const isNew = contexts.every((each) => each.attribute !== attribute || each.words !== context.words);
      if (isNew) contexts.push(context);
    }
  }
  return found;
}

function* texts(env: Record<string, string>, args: readonly string[]): Generator<[string, string]> {
  for (const arg of args) yield ['args', arg];
  for (const [name, value] of Object.entries(env)) {
    if (!value.includes('/')) continue;
    if (name === '__json') yield* strings('', JSON.parse(value));
    // Lists of settings are often given as JSON.
    else if (/^[[{]/.test(value)) yield* strings(name, parsed(value));
    else yield [name, value];
  }
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function* strings(attribute: string, value: unknown): Generator<[string, string]> {
  if (typeof value === 'string') yield [attribute, value];
  else if (Array.isArray(value)) for (const item of value) yield* strings(attribute, item);
  else if (value && typeof value === 'object') {
    for (const [name, item] of Object.entries(value)) {
      yield* strings(attribute ? `${attribute}.${name}` : name, item);
    }
  }
}

/** The first word of the line, and what the path is glued to; other store paths are left out. */
function wordsBefore(text: string, index: number): string {
  const start = text.lastIndexOf('\n', index - 1) + 1;
  const [first = ''] = plain(text.slice(start, Math.min(index, start + 200)))
    .trimStart()
    .split(/\s/);
  const before = plain(text.slice(Math.max(start, index - 200), index));
  const last = /\S*$/.exec(before)?.[0] ?? '';
  // A list has no first word.
  return first.startsWith('@') || before.trimStart() === last ? last : `${first} ${last}`;
}

/** The text without the folder of the path that follows it. */
function plain(text: string): string {
  return text.replace(/\/nix\/store$/, '').replaceAll(named, '@');
}
