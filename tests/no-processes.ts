/** Preloaded into the unit suite: a unit test that starts a program fails. */
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

const starters = ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork'] as const;

for (const name of starters) {
  const refuse = (program: unknown) => {
    throw new Error(
      `a unit test started ${String(program)} (child_process.${name}): move it to tests/contract, at the same path`,
    );
  };
  Object.assign(childProcess, { [name]: refuse });
}
syncBuiltinESMExports();
