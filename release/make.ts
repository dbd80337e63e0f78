/**
 * Makes the files of a release in the folder `release-files`: the npm package, the provider's archives, the list of what they
 * are made of (SBOM), the notes, and checksums.
 * Usage: node release/make.ts [TAG]
 * A tag that does not belong to the version and the changelog is refused, and leaves no folder.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../lib/base/process/run.ts';
import { addressesOf } from './addresses.ts';
import { makePluginArchives } from './plugin.ts';
import { readText, readVersions, root } from './project.ts';
import { changelogSection, releaseProblems } from './versions.ts';

const [tag] = process.argv.slice(2);
const versions = readVersions();
const { version, changelog } = versions;
const problems = releaseProblems(versions, tag);
if (problems.length > 0) {
  console.error(problems.map((problem) => `error: ${problem}`).join('\n'));
  console.error(
    'fix: npm version VERSION sets the version everywhere, and makes the tag (docs/releasing.md)',
  );
  process.exit(1);
}

const folder = join(root, 'release-files');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const npm = async (...args: string[]) => (await run('npm', args, { cwd: root, timeoutSeconds: 600 })).stdout;

// Packages with the addresses of this place, and sources without.
const before = readText('package.json');
const addresses = addressesOf(process.env);
try {
  if (addresses)
    writeFileSync(
      join(root, 'package.json'),
      `${JSON.stringify({ ...JSON.parse(before), ...addresses }, undefined, 2)}\n`,
    );
  await npm('pack', '--silent', '--pack-destination', folder);
  await makePluginArchives(folder);
  const sbom = await npm('run', '--silent', 'sbom');
  writeFileSync(join(folder, `nixos-fleet-${version}.cdx.json`), sbom);
} finally {
  writeFileSync(join(root, 'package.json'), before);
}
writeFileSync(join(folder, 'notes.md'), `${changelogSection(changelog, version) ?? 'Not released.'}\n`);
const sums = readdirSync(folder)
  .filter((file) => file !== 'notes.md')
  .sort()
  .map(
    (file) =>
      `${createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex')}  ${file}\n`,
  );
writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''));
console.log(sums.join(''));
