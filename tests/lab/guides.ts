import { readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url).pathname;

/** A command of a guide: a program of the project with its arguments, or `pulumi`. */
export interface GuideCommand {
  line: string;
  program: string;
  args: string[];
}

/** The commands in a guide's blocks of `sh`, in their order. Scripts of npm are the programs that they run. */
export function guideCommands(guide: string): GuideCommand[] {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    scripts: Record<string, string>;
  };
  const blocks = readFileSync(`${root}docs/${guide}`, 'utf8').matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm);
  const lines = [...blocks].flatMap(([, block = '']) => block.split('\n').map((line) => line.trim()));
  return lines.filter(Boolean).map((line) => {
    const [command = '', ...words] = line.split(' ');
    if (command === 'pulumi') return { line, program: 'pulumi', args: words };
    const [run, script = '', dashes, ...args] = words;
    const [, program, ...own] = /\bnode (.*)$/.exec(scripts[script] ?? '')?.[0].split(' ') ?? [];
    const isScript = command === 'npm' && run === 'run' && program !== undefined;
    if (!isScript || (dashes !== undefined && dashes !== '--')) throw new Error(`${guide}: not run: ${line}`);
    return { line, program, args: [...own, ...args] };
  });
}

/** Lines of commands in a section of a page, without its subsections. */
export function sectionCommands(page: string, section: string): string[] {
  const text = readFileSync(`${root}docs/${page}`, 'utf8');
  const own = text.split(/^#+ /m).find((part) => part.startsWith(`${section}\n`)) ?? '';
  return [...own.matchAll(/^ {4}((?:npm run|pulumi) .*)$/gm)].flatMap(([, line = '']) => line);
}

/** Shell functions in place of npm's scripts, which set the tools up first. */
export function scriptFunctions(): string {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    scripts: Record<string, string>;
  };
  const programs = Object.entries(scripts).flatMap(([name, script]) => {
    const [program] = /\b(?:node commands\/.*|pulumi)$/.exec(script) ?? [];
    return program ? [`${name}) ${program} "$@" ;;`] : [];
  });
  return `npm() {
  shift; [ "$1" != --silent ] || shift
  script=$1; shift; [ "\${1-}" != -- ] || shift
  case $script in
  ${programs.join('\n  ')}
  *) echo "no script $script" >&2; return 127 ;;
  esac
}
`;
}
