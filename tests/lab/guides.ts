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
