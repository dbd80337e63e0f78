/** Prints the candidates for the last word of a command line, for the shells' completion. A failure prints none. */
import { commandOf } from '../command.ts';
import { commands } from '../commands.ts';
import { readTags } from '../stack-config.ts';
import { type Completed, selectorCandidates, wantedAt } from './candidates.ts';

const words = process.argv.slice(process.argv[2] === '--' ? 3 : 2);
const word = words.at(-1) ?? '';
const entry = commands.find(({ name }) => name === words[0]);

async function completed(): Promise<Completed | undefined> {
  if (words.length < 2 || !entry?.load) return undefined;
  const options = (await commandOf(entry.load))?.options ?? [];
  const typed = (wanted: typeof options) =>
    wanted.flatMap(({ short, long }) => [short, long].filter((each) => each !== undefined));
  return {
    options: ['--help', ...options.flatMap(({ long = [] }) => long)],
    valued: typed(options.filter(({ required }) => required)),
    namesHosts: entry.names === 'hosts',
  };
}

/** The tags by host, of the stack that the line names. */
async function tags(): Promise<Record<string, string[] | undefined>> {
  const at = words.findIndex((each) => each === '--stack' || each === '-s');
  return await readTags(at < 0 ? undefined : words[at + 1]).catch(() => ({}));
}

async function candidates(): Promise<readonly string[]> {
  const command = await completed();
  const wanted = wantedAt(words, command);
  switch (wanted) {
    case 'commands':
      return commands.map(({ name }) => name);
    case 'options':
      return command?.options ?? [];
    case 'hosts':
      return Object.keys(await tags());
    case 'selectors':
      return selectorCandidates(word, await tags());
    case 'nothing':
      return [];
    default:
      return wanted satisfies never;
  }
}

const fitting = (await candidates()).filter((each) => each.startsWith(word));
process.stdout.write(fitting.map((each) => `${each}\n`).join(''));
