import { readFile } from 'node:fs/promises';

/** Parts of a .drv file. */
export interface Derivation {
  /** Store paths of the outputs, by name; empty if only the build tells them. */
  outputs: Record<string, string>;
  /** Whether a hash fixes the outputs' content: they refer to nothing. */
  fixed: boolean;
  /** Outputs that are used of each input derivation. */
  inputDrvs: Record<string, string[]>;
  /** Input files that no derivation builds. */
  sources: string[];
  /** The system that builds it, such as x86_64-linux. */
  system: string;
  args: string[];
  env: Record<string, string>;
}

/** Reads a derivation from the store; undefined if it is missing or has an unknown format. */
export async function readDerivation(drvPath: string): Promise<Derivation | undefined> {
  try {
    return parseDerivation(await readFile(drvPath, 'utf8'));
  } catch {
    return undefined;
  }
}

type Term = string | Term[];

/** Parses the ATerm text of a .drv file: `Derive([outputs],[inputDrvs],[inputSrcs],"system","builder",[args],[env])`. */
export function parseDerivation(text: string): Derivation {
  const start = text.indexOf('(');
  if (!text.startsWith('Drv') && !text.startsWith('Derive')) throw new Error('not a derivation');
  const reader = { text, at: start };
  // DrvWithVersion("…",…) has its version before the outputs.
  const terms = readList(reader, ')').slice(text.startsWith('DrvWithVersion') ? 1 : 0);
  const [outputs = [], inputDrvs = [], sources = [], system, , args = [], env = []] = terms;
  const ofOutputs = list(outputs).map(list);
  return {
    outputs: Object.fromEntries(ofOutputs.map(([name, path]) => [string(name), string(path)])),
    fixed:
      ofOutputs.length > 0 &&
      ofOutputs.every(([, path, , hash]) => string(path) !== '' && string(hash) !== ''),
    inputDrvs: Object.fromEntries(
      list(inputDrvs).map((input) => [string(list(input)[0]), list(list(input)[1]).map(string)]),
    ),
    sources: list(sources).map(string),
    system: string(system),
    args: list(args).map(string),
    env: Object.fromEntries(list(env).map((pair) => [string(list(pair)[0]), string(list(pair)[1])])),
  };
}

interface Reader {
  readonly text: string;
  at: number;
}

function readTerm(reader: Reader): Term {
  const char = reader.text[reader.at];
  if (char === '"') return readString(reader);
  if (char === '[') return readList(reader, ']');
  if (char === '(') return readList(reader, ')');
  throw new Error(`unexpected '${char}' in a derivation`);
}

function readList(reader: Reader, end: string): Term[] {
  const terms: Term[] = [];
  reader.at++;
  while (reader.text[reader.at] !== end) {
    terms.push(readTerm(reader));
    if (reader.text[reader.at] === ',') reader.at++;
  }
  reader.at++;
  return terms;
}

const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t' };

function readString(reader: Reader): string {
  let end = reader.at + 1;
  let escaped = false;
  while (reader.text[end] !== '"') {
    if (end >= reader.text.length) throw new Error('a derivation ends within a string');
    if (reader.text[end] === '\\') {
      escaped = true;
      end++;
    }
    end++;
  }
  const raw = reader.text.slice(reader.at + 1, end);
  reader.at = end + 1;
  return escaped ? raw.replace(/\\([\s\S])/g, (_, char: string) => escapes[char] ?? char) : raw;
}

function list(term: Term | undefined): Term[] {
  return Array.isArray(term) ? term : [];
}

function string(term: Term | undefined): string {
  return typeof term === 'string' ? term : '';
}
