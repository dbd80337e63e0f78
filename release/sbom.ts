/** Prints what users of the package get with it, as a CycloneDX document. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { omit, pickBy } from '../lib/base/pick.ts';
import { run } from '../lib/base/process/run.ts';
import { withTemporaryFolder } from '../lib/base/temporary-folder.ts';
import { readText } from './project.ts';

interface Lock {
  packages: Record<string, { dev?: boolean }>;
}

// Of a project with development dependencies, `npm sbom --omit dev` also omits what both kinds have in common.
await withTemporaryFolder(async (folder) => {
  const write = (file: string, value: object) => writeFileSync(join(folder, file), JSON.stringify(value));
  const lock = JSON.parse(readText('package-lock.json')) as Lock;
  const { '': own = {}, ...packages } = lock.packages;
  const used = pickBy(packages, (name) => packages[name]?.dev !== true);
  write('package.json', omit(JSON.parse(readText('package.json')) as object, ['devDependencies']));
  write('package-lock.json', { ...lock, packages: { '': omit(own, ['devDependencies']), ...used } });
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'library'];
  process.stdout.write((await run('npm', args, { cwd: folder, timeoutSeconds: 120 })).stdout);
});
