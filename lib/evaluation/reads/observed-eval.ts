import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { packageRoot } from '../../base/package-root.ts';
import { nixString } from '../../store/nix/eval.ts';
import type { LockedFlake } from '../../store/nix/flake.ts';
import { logResult, parseLogLine } from '../../store/nix/log-json.ts';
import { Observer } from './observer.ts';
import { claimPulses } from './pulses.ts';
import type { Tree } from './tree.ts';

/** Versions of Nix whose messages and reads were tested; any other is not observed. */
const observed = /^2\.3[4]\./;

export function isObservedNix(version: string): boolean {
  return observed.test(version);
}

export interface ObservedEval {
  observer: Observer;
  /** What `nix eval` evaluates: the flake as an input of nix/observe. */
  flake: Pick<LockedFlake, 'flakeRef' | 'overrides'>;
  attribute: string;
  arguments: string[];
  /** Text of a function from that attribute to the configurations and the function `pulse`. */
  observe: string;
}

/** Begins to observe an evaluator; undefined where that is not possible. */
export async function observeEval(
  flake: LockedFlake,
  tree: Tree,
  mark: string,
): Promise<ObservedEval | undefined> {
  const overrides = inputOverrides(flake.overrides);
  const pulses = overrides && (await claimPulses());
  const observer = pulses && (await Observer.begin(tree, pulses));
  if (!observer) return undefined;
  const folder = join(packageRoot(), 'nix/observe');
  const list = (texts: readonly string[]) => `[ ${texts.map(nixString).join(' ')} ]`;
  return {
    observer,
    flake: {
      flakeRef: `path:${folder.split('/').map(encodeURIComponent).join('/')}`,
      overrides: ['--no-write-lock-file', '--override-input', 'fleet', flake.resolvedUrl, ...overrides],
    },
    attribute: 'fleet',
    arguments: ['-vvv', '--log-format', 'internal-json'],
    observe: `(${readFileSync(join(folder, 'self.nix'), 'utf8')}\n) { mark = ${nixString(mark)}; pulses = ${list(pulses.texts)}; relative = ${list(tree.relativeInputs)}; }`,
  };
}

/** The replaced inputs of the flake, as inputs of an input. Undefined where the flake is evaluated with another lock file. */
function inputOverrides(overrides: readonly string[]): string[] | undefined {
  const renamed: string[] = [];
  for (let at = 0; at < overrides.length; at++) {
    const [option, input = '', ref = ''] = overrides.slice(at);
    if (option === '--no-write-lock-file') continue;
    if (option !== '--override-input') return undefined;
    renamed.push('--override-input', `fleet/${input}`, ref);
    at += 2;
  }
  return renamed;
}

/**
 * Splits the lines of `--log-format internal-json` into what Nix shows to people, which is passed on line by line, lines of the logs of
 * builds, and other messages.
 */
export function readLogLine(
  line: string,
  handlers: { shown: (line: string) => void; built: (line: string) => void; debug: (text: string) => void },
): void {
  const event = parseLogLine(line);
  if (!event) {
    handlers.shown(line);
    return;
  }
  if (event.action === 'result' && event.type === logResult.buildLogLine)
    handlers.built(stripVTControlCharacters(String(event.fields?.[0])));
  if (event.action !== 'msg' || event.msg === undefined) return;
  const text = stripVTControlCharacters(event.msg);
  if ((event.level ?? 0) > 3) handlers.debug(text);
  else for (const each of text.split('\n')) handlers.shown(each);
}
