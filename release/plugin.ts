/** The provider as an archive that `pulumi plugin install` takes: JavaScript, which the computer's Node.js runs. */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pick } from '../lib/base/pick.ts';
import { run } from '../lib/base/process/run.ts';
import { withTemporaryFolder } from '../lib/base/temporary-folder.ts';
import { copyToBundle, writeBesideBundle } from './beside-bundle.ts';
import { bundle, providerBundle } from './bundle.ts';
import { readText, root } from './project.ts';

/** Platforms as Pulumi names them, with npm's name where the package koffi has a file for it. */
const platforms = {
  'linux-amd64': '@koromix/koffi-linux-x64',
  'linux-arm64': '@koromix/koffi-linux-arm64',
  'darwin-amd64': undefined,
  'darwin-arm64': undefined,
} as const;

/** Makes the archives in `folder`, one for each platform, and returns their names. */
export async function makePluginArchives(folder: string): Promise<string[]> {
  const { version } = JSON.parse(readText('package.json')) as { version: string };
  mkdirSync(folder, { recursive: true });
  return await withTemporaryFolder(async (temporary) => {
    const content = join(temporary, 'content');
    await writeContent(content);
    const names: string[] = [];
    for (const [platform, library] of Object.entries(platforms)) {
      const name = `pulumi-resource-nixos-v${version}-${platform}.tar.gz`;
      const isThere = library !== undefined && existsSync(join(root, 'node_modules', library));
      const parts = [
        ...readdirSync(content).filter((file) => file !== 'node_modules'),
        ...(isThere ? ['node_modules/koffi', `node_modules/${library}`] : []),
      ];
      // The same sources make the same archive.
      const fixed = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
      await run('tar', ['-C', content, ...fixed, '-czf', join(folder, name), ...parts.sort()], {
        env: { GZIP: '-n' },
        timeoutSeconds: 120,
      });
      names.push(name);
    }
    return names;
  });
}

async function writeContent(content: string): Promise<void> {
  mkdirSync(content);
  writeBesideBundle(content, await bundle(providerBundle, content));
  for (const file of ['pulumi-resource-nixos', 'start.cjs', 'compile-cache.cjs'])
    copyToBundle(content, `provider/${file}`, file);
  chmodSync(join(content, 'pulumi-resource-nixos'), 0o755);
  copyToBundle(content, 'LICENSE');
  for (const part of ['koffi', ...Object.values(platforms).filter((name) => name !== undefined)]) {
    const from = join(root, 'node_modules', part);
    if (existsSync(from)) cpSync(from, join(content, 'node_modules', part), { recursive: true });
  }
  const manifest = JSON.parse(readText('package.json'));
  const described = [
    'name',
    'version',
    'description',
    'license',
    'keywords',
    'homepage',
    'repository',
    'bugs',
    'type',
  ];
  writeFileSync(
    join(content, 'package.json'),
    `${JSON.stringify(pick(manifest, described), undefined, 2)}\n`,
  );
}
