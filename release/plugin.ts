/** The provider as an archive that `pulumi plugin install` takes: JavaScript, which the computer's Node.js runs. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pick } from '../lib/base/pick.ts';
import { run } from '../lib/base/process/run.ts';
import { withTemporaryFolder } from '../lib/base/temporary-folder.ts';
import { condensingSources } from '../lib/evaluation/facts-expression.ts';
import { bundleProvider } from './bundle.ts';
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
  const packages = await bundleProvider(content);
  const copy = (file: string, to = file) => {
    mkdirSync(dirname(join(content, to)), { recursive: true });
    copyFileSync(join(root, file), join(content, to));
  };
  for (const file of ['pulumi-resource-nixos', 'start.cjs', 'compile-cache.cjs'])
    copy(`provider/${file}`, file);
  chmodSync(join(content, 'pulumi-resource-nixos'), 0o755);
  copy('LICENSE');
  for (const file of globSync('lib/**/*.sh', { cwd: root })) copy(file);
  // A hash of them is part of the key of cached facts.
  for (const file of condensingSources().keys()) copy(join('lib/evaluation', file));
  for (const part of ['nix', 'setup']) cpSync(join(root, part), join(content, part), { recursive: true });
  for (const part of ['koffi', ...Object.values(platforms).filter((name) => name !== undefined)]) {
    const from = join(root, 'node_modules', part);
    if (existsSync(from)) cpSync(from, join(content, 'node_modules', part), { recursive: true });
  }
  const manifest = JSON.parse(readText('package.json'));
  const told = [
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
  writeFileSync(join(content, 'package.json'), `${JSON.stringify(pick(manifest, told), undefined, 2)}\n`);
  writeFileSync(join(content, 'LICENSES-OF-PACKAGES'), packages.map(licence).join('\n'));
}

/** The licence of a package that is part of the bundle. */
function licence(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const texts = readdirSync(join(root, folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  return [
    `${name} ${version}: ${license}`,
    ...texts.map((file) => readFileSync(join(root, folder, file), 'utf8')),
  ].join('\n\n');
}
