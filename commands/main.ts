/** The CLI: loads the module of one command. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { packageRoot } from '../lib/base/package-root.ts';
import { runAttached } from '../lib/base/process/run.ts';
import { exampleText, mistakeWriter } from './command.ts';
import { type CommandEntry, commands } from './commands.ts';
import { operationsAtOnce } from './operations-at-once.ts';
import { useSetUpTools } from './tools.ts';

// `nixos-fleet … | head` ends the output early.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const all: readonly CommandEntry[] = [
  ...commands,
  { name: '__complete', load: () => import('./completion/complete.ts') },
];

const program = new Command('nixos-fleet')
  .description('Operates the machines of a stack. Plain `pulumi` deploys them.')
  .version(versionOf(), '-V, --version')
  .exitOverride()
  .enablePositionalOptions()
  .configureOutput({ outputError: mistakeWriter('See nixos-fleet --help.') })
  .configureHelp({ subcommandTerm: (command) => command.name() })
  .addHelpText(
    'after',
    '\nnixos-fleet COMMAND --help has the options of a command and examples.\nExit codes: 0 done, 1 a machine or a check failed, 2 not tried, 130 after Ctrl-C (docs/cli.md).',
  );

for (const { name, summary = '', words = [], script, load } of all) {
  const command = program.command(name, { hidden: summary === '' }).description(summary);
  if (script !== undefined) {
    if (script.argument !== undefined) command.argument(script.argument).allowUnknownOption();
    command.addHelpText('after', exampleText(script.examples)).action(async () => {
      process.exitCode = await runAttached(join(packageRoot(), script.file), command.args);
    });
  } else {
    command
      .argument('[words...]')
      .allowUnknownOption()
      .passThroughOptions()
      .helpOption(false)
      .action(async (_given: string[], _options: unknown, { args }: Command) => {
        if (name !== 'completion' && !asksHelp(args) && (await useSetUpTools())) return;
        process.argv.splice(2, process.argv.length, ...words, ...args);
        const parallel = operationsAtOnce(process.env.PULUMI_PARALLEL, availableParallelism());
        if (parallel !== undefined) process.env.PULUMI_PARALLEL = parallel;
        await load?.();
      });
  }
}

try {
  await program.parseAsync(rawArguments());
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}

/** Whether the command only prints its help, for which no tool is needed. */
function asksHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? undefined : end).some((each) => each === '--help' || each === '-h');
}

/** The arguments as commander needs them. */
function rawArguments(): string[] {
  const [node = '', main = '', name = '--help', ...rest] = process.argv;
  const isCommand = (word: string | undefined) => all.some((each) => each.name === word);
  if (name === 'help' && isCommand(rest[0])) return [node, main, rest[0] as string, '--help'];
  // Otherwise --help would be the program's, and hide that there is no such command.
  if (!name.startsWith('-') && name !== 'help' && !isCommand(name)) return [node, main, name];
  // Commander removes the first `--`, which belongs to the command.
  return [node, main, name, ...(rest.includes('--') ? ['--', ...rest] : rest)];
}

function versionOf(): string {
  const root = packageRoot();
  const file = [join(root, 'package.json'), join(root, '../package.json')].find((each) => existsSync(each));
  return file ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : 'unknown';
}
