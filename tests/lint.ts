/** The formatter, the linter, the type checker and the shell checker; each counts as one test. */
import { readFileSync } from 'node:fs';
import { run, runToEnd } from '../lib/base/process.ts';

type Check = { name: string; command: string; args: string[]; skip?: string };

/** Shell scripts are told by their first line, as many have no ending. */
async function shellScripts(): Promise<string[]> {
  const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    timeoutSeconds: 60,
  });
  return stdout.split('\0').filter((file) => {
    if (!file || file.includes('.ts')) return false;
    try {
      return /^#!\s*\/(usr\/)?bin\/(env )?(ba)?sh\b/.test(readFileSync(file, 'utf8').slice(0, 40));
    } catch {
      return false;
    }
  });
}

export async function lint(): Promise<{ passed: number; failed: number; skipped: number }> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const checks: Check[] = [
    {
      name: 'format and lint (biome)',
      command: 'node_modules/.bin/biome',
      args: ['ci', '--error-on-warnings', '--colors=off', '.'],
    },
    { name: 'types (tsc)', command: 'node_modules/.bin/tsc', args: ['--noEmit'] },
    {
      name: 'shell scripts (shellcheck)',
      command: 'setup/shellcheck',
      args: ['-x', ...(await shellScripts())],
    },
  ];
  for (const { name, command, args } of checks) {
    const { exitCode, stdout, stderr } = await runToEnd(command, args, { timeoutSeconds: 600 });
    counts[exitCode === 0 ? 'passed' : 'failed'] += 1;
    console.log(`${exitCode === 0 ? '✔' : '✖'} ${name}`);
    if (exitCode !== 0) console.log(stdout + stderr);
  }
  return counts;
}
