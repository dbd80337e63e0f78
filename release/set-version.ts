/** Run by `npm version`, which has set the version in package.json: sets what repeats it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../lib/base/process/run.ts';
import { readText, readVersions, root, templates } from './project.ts';
import { releasedChangelog } from './versions.ts';

const { version, changelog } = readVersions();
const set = (file: string, text: string) => writeFileSync(join(root, file), text);
for (const file of templates)
  set(file, readText(file).replace(/("nixos-fleet": )"[^"]*"/, `$1"^${version}"`));
set('CHANGELOG.md', releasedChangelog(changelog, version, new Date().toISOString().slice(0, 10)));
await run('git', ['add', 'CHANGELOG.md', ...templates], { cwd: root, timeoutSeconds: 60 });
