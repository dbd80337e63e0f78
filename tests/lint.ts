/**
 * The linters: format, lint rules, types, import order, unused code, shell scripts and file length. Each counts as one test.
 */
import { existsSync, readFileSync } from 'node:fs';
import { run, runToEnd } from '../lib/base/process/run.ts';

type Check = { name: string; command: string; args: string[] };

/** In lines. */
const longestFile = 300;

async function projectFiles(): Promise<string[]> {
  const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    timeoutSeconds: 60,
  });
  return stdout.split('\0').filter((file) => file && existsSync(file));
}

/** By its first line, as many scripts have no extension. */
function isShellScript(file: string): boolean {
  if (file.includes('.ts')) return false;
  return /^#!\s*\/(usr\/)?bin\/(env )?(ba)?sh\b/.test(readFileSync(file, 'utf8').slice(0, 40));
}

function tooLong(files: readonly string[]): string[] {
  return files
    .filter((file) => /^((lib|provider|program|components|schema|commands)\/|index\.ts$)/.test(file))
    .map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines >= longestFile)
    .map(({ file, lines }) => `${file} has ${lines} lines: split it by subject (limit: ${longestFile})`);
}

export async function lint(): Promise<{ passed: number; failed: number; skipped: number }> {
  const files = await projectFiles();
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const report = (name: string, passed: boolean, output: string) => {
    counts[passed ? 'passed' : 'failed'] += 1;
    console.log(`${passed ? '✔' : '✖'} ${name}`);
    if (!passed) console.log(output);
  };
  const checks: Check[] = [
    {
      name: 'format and lint (biome)',
      command: 'node_modules/.bin/biome',
      args: ['ci', '--error-on-warnings', '--colors=off', '.'],
    },
    {
      name: 'promises and switches (oxlint)',
      command: 'node_modules/.bin/oxlint',
      args: ['--type-aware', '--deny-warnings'],
    },
    { name: 'types (tsc)', command: 'node_modules/.bin/tsc', args: ['--noEmit'] },
    { name: 'order of imports (dependency-cruiser)', command: 'node_modules/.bin/depcruise', args: ['.'] },
    { name: 'unused code (knip)', command: 'node_modules/.bin/knip', args: ['--no-progress'] },
    {
      name: 'shell scripts (shellcheck)',
      command: 'setup/shellcheck',
      args: ['-x', ...files.filter(isShellScript)],
    },
  ];
  const results = checks.map(({ command, args }) => runToEnd(command, args, { timeoutSeconds: 600 }));
  for (const [index, { exitCode, stdout, stderr }] of (await Promise.all(results)).entries()) {
    report(checks[index]?.name ?? '', exitCode === 0, stdout + stderr);
  }
  const long = tooLong(files);
  report('length of files', long.length === 0, long.join('\n'));
  return counts;
}
