import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import pMap from 'p-map';
import { run } from '../../lib/base/process/run.ts';

/** The commands in the docs, against the help of the programs: tests/lab/guides.test.ts runs those of the guides. */
const root = join(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

interface Written {
  place: string;
  /** `pulumi` or `nixos-fleet`, and the words of the command. */
  program: string;
  words: string[];
}

/** Commands on lines of their own, in blocks of code. */
function commandsOf(file: string): Written[] {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    const [, text = ''] = /^(?: {2,}|\t)?((?:npm run|npx nixos-fleet|pulumi) .*)$/.exec(line) ?? [];
    // Without comments, pipes and redirections.
    const [command = ''] = text.split(/\s+#|\s[|>&]|;/);
    const words = command
      .replace(/'[^']*'/g, 'X')
      .replace(/--silent /, '')
      .split(/\s+/)
      .filter(Boolean);
    const written = resolved(words);
    return written ? [{ place: `${file}:${index + 1}`, ...written }] : [];
  });
}

function resolved([first, second, ...rest]: string[]): Omit<Written, 'place'> | undefined {
  if (first === 'pulumi' && second) return { program: 'pulumi', words: [second, ...rest] };
  if (first === 'npx') return { program: 'nixos-fleet', words: rest };
  if (first !== 'npm' || second !== 'run') return undefined;
  const [script = '', dashes, ...args] = rest;
  const own = dashes === '--' ? args : [];
  if (script === 'pulumi') return { program: 'pulumi', words: own };
  const [, name] = /nixos-fleet\.cjs(?: (\S+))?$/.exec(scripts[script] ?? '') ?? ['', undefined];
  if (!scripts[script]?.includes('nixos-fleet.cjs')) return undefined;
  return { program: 'nixos-fleet', words: name ? [name, ...own] : own };
}

const files = globSync(['*.md', 'docs/*.md', 'examples/*/README.md'], {
  cwd: root,
  exclude: ['CHANGELOG.md'],
});
const written = files.flatMap(commandsOf);
/** To be found. */
const mistake: Written = { place: 'mistake', program: 'nixos-fleet', words: ['adopt', '--bogus'] };

/** Options that Pulumi has and does not show, and the commands that have subcommands. */
const hidden = ['up --plan'];
const groups = ['config', 'package', 'plugin', 'stack', 'state'];

/** Words of a command until its first option, which may be subcommands. */
const namesOf = ({ words }: Written) => words.slice(0, groups.includes(words[0] ?? '') ? 2 : 1);

test('every command and option in the docs is one that its program has', async () => {
  assert.ok(written.length > 60, String(written.length));
  const kinds = new Map(written.map((each) => [[each.program, ...namesOf(each)].join(' '), each]));
  const helps = new Map(
    await pMap(
      kinds,
      async ([key, each]) => {
        const names = namesOf(each).filter((name) => /^[a-z]/.test(name));
        const args = [...names, '--help'];
        const help =
          each.program === 'pulumi'
            ? await run('pulumi', args, { timeoutSeconds: 60 })
            : await run(process.execPath, [join(root, 'commands/nixos-fleet.cjs'), ...args], {
                timeoutSeconds: 60,
              });
        return [key, help.stdout] as const;
      },
      { concurrency: 2 },
    ),
  );
  const unknown = [...written, mistake].flatMap((each) => {
    const help = helps.get([each.program, ...namesOf(each)].join(' ')) ?? '';
    const end = each.words.indexOf('--');
    const own = end === -1 ? each.words : each.words.slice(0, end);
    const options = own.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split('=')[0] ?? '');
    const isKnown = (option: string) =>
      hidden.includes(`${each.words[0]} ${option}`) || new RegExp(`(^|[\\s,])${option}\\b`, 'm').test(help);
    return options.filter((option) => !isKnown(option)).map((option) => `${each.place}: ${option}`);
  });
  assert.deepEqual(unknown, ['mistake: --bogus']);
});
