import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { pulumiVersion, Sandbox, serve, setup } from './sandbox.ts';

const exec = promisify(execFile);
const libraries = ['common', 'version', 'fetch', 'node', 'pulumi', 'nix'];
const platform = `linux-${process.arch}`;
const system = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux`;

/** A release page with one archive and what its project publishes as its checksum. */
interface Release {
  archive: string;
  content: Buffer;
  sums: string;
  sumsText: (sum: string) => string;
}

/** Packs a folder of files as a release's archive. */
async function pack(sandbox: Sandbox, archive: string, files: Record<string, string>): Promise<Buffer> {
  const folder = join(sandbox.root, 'release');
  for (const [path, script] of Object.entries(files)) {
    await sandbox.program(basename(path), script, join(folder, path, '..'));
  }
  const [top] = await readdir(folder);
  await exec('tar', ['-C', folder, '-caf', join(sandbox.root, archive), top ?? '']);
  return readFile(join(sandbox.root, archive));
}

async function nodeRelease(sandbox: Sandbox): Promise<Release> {
  const archive = `node-v24.21.0-${platform}.tar.gz`;
  const content = await pack(sandbox, archive, {
    'node-v24/bin/node': `echo v24.21.0 # ${'padding '.repeat(500)}`,
  });
  return {
    archive,
    content,
    sums: 'SHASUMS256.txt',
    sumsText: (sum) => `${'0'.repeat(64)}  other.tar.gz\n${sum}  ${archive}\n`,
  };
}

function page(t: TestContext, release: Release, sum = sha256(release.content)): Promise<string> {
  return serve(t, (request, response) => {
    const name = basename(request.url ?? '');
    if (name === release.sums) response.end(release.sumsText(sum));
    else if (name === release.archive) response.end(release.content);
    else response.writeHead(404).end();
  });
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Records an archive's checksum, as `setup/lib/release-sums` does. */
async function record(sandbox: Sandbox, { archive, content }: Pick<Release, 'archive' | 'content'>) {
  const file = join(sandbox.root, 'release-sums');
  await writeFile(file, `${sha256(content)}  ${archive}\n`);
  sandbox.environment.NIXOS_FLEET_RELEASE_SUMS = file;
}

function online(variables: Record<string, string>): Record<string, string> {
  return { NIXOS_FLEET_OFFLINE: '0', ...variables };
}

test("Node's official release is unpacked after its checksum is verified", async (t) => {
  const sandbox = await Sandbox.create(t);
  const url = await page(t, await nodeRelease(sandbox));
  await sandbox.program('node', 'echo v20.20.2');
  const result = await sandbox.sh(libraries, 'ensure_node', online({ NIXOS_FLEET_NODE_URL: url }));
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /node: v24\.21\.0 installed/);
  await access(join(sandbox.cache, 'node-24.21.0/bin/node'));
  assert.deepEqual(await readdir(join(sandbox.cache, 'tmp')), []);
});

test('an archive with another checksum is deleted, and the next source is used', async (t) => {
  const sandbox = await Sandbox.create(t);
  const release = await nodeRelease(sandbox);
  const url = await page(t, release, 'a'.repeat(64));
  await sandbox.program('node', 'echo v20.20.2');
  await sandbox.program('npm', 'echo "npm was asked: $*" >&2; exit 1');
  const result = await sandbox.sh(libraries, 'ensure_node', online({ NIXOS_FLEET_NODE_URL: url }));
  assert.equal(result.code, 1);
  assert.match(result.stderr, /checksum of node-v24\.21\.0-\S+ is not the recorded one/);
  assert.match(result.stderr, /npm was asked: pack .*node-linux-\S+@24\.21\.0/);
  await assert.rejects(access(join(sandbox.cache, 'node-24.21.0')));
  await assert.rejects(access(join(sandbox.cache, 'downloads', release.archive)));
});

test('an archive that its server replaced together with its checksum is refused (fault 32)', async (t) => {
  const sandbox = await Sandbox.create(t);
  const release = await nodeRelease(sandbox);
  await record(sandbox, {
    ...release,
    content: Buffer.from('the archive of the day when the version was chosen'),
  });
  const url = await page(t, release);
  await sandbox.program('node', 'echo v20.20.2');
  await sandbox.program('npm', 'echo "npm was asked: $*" >&2; exit 1');
  const result = await sandbox.sh(libraries, 'ensure_node', online({ NIXOS_FLEET_NODE_URL: url }));
  assert.equal(result.code, 1);
  assert.match(result.stderr, /checksum of node-v24\.21\.0-\S+ is not the recorded one/);
  assert.match(result.stderr, /npm was asked/);
});

test('an archive without a recorded checksum is checked against the published one, and the set-up says so', async (t) => {
  const sandbox = await Sandbox.create(t);
  await record(sandbox, { archive: 'other.tar.gz', content: Buffer.from('') });
  const url = await page(t, await nodeRelease(sandbox));
  await sandbox.program('node', 'echo v20.20.2');
  const result = await sandbox.sh(libraries, 'ensure_node', online({ NIXOS_FLEET_NODE_URL: url }));
  assert.equal(result.code, 0, result.stderr);
  assert.match(
    result.stderr,
    /no checksum of node-v24\.21\.0-\S+ is recorded, so it is checked against its publisher's/,
  );
});

test('the checksums of Node.js and of Nix are recorded for the versions that are installed', async () => {
  const read = (name: string) => readFile(join(setup, 'lib', name), 'utf8');
  const version = async (tool: string) =>
    new RegExp(`^${tool}_version=(\\S+)`, 'm').exec(await read(`${tool}.sh`))?.[1];
  const sums = await read('release-sums');
  for (const platform of ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']) {
    assert.match(
      sums,
      new RegExp(`^[0-9a-f]{64}  node-v${await version('node')}-${platform}\\.tar\\.gz$`, 'm'),
    );
  }
  assert.match(sums, new RegExp(`^[0-9a-f]{64}  nix-${await version('nix')}-x86_64-linux\\.tar\\.xz$`, 'm'));
});

test('an interrupted download is resumed, immediately and in the next run', async (t) => {
  const sandbox = await Sandbox.create(t);
  const release = await nodeRelease(sandbox);
  const total = release.content.length;
  const asked: number[] = [];
  // Each answer breaks off after a quarter of the file.
  const url = await serve(t, (request, response) => {
    if (basename(request.url ?? '') === release.sums) {
      response.end(release.sumsText(sha256(release.content)));
      return;
    }
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    asked.push(start);
    response.writeHead(start === 0 ? 200 : 206, {
      'content-length': total - start,
      'content-range': `bytes ${start}-${total - 1}/${total}`,
    });
    const end = Math.min(start + Math.ceil(total / 4), total);
    response.write(release.content.subarray(start, end), () =>
      end === total ? response.end() : response.destroy(),
    );
  });
  await sandbox.program('node', 'echo v20.20.2');
  await sandbox.program('npm', 'exit 1');
  const environment = online({ NIXOS_FLEET_NODE_URL: url });

  const broken = await sandbox.sh(libraries, 'ensure_node', environment);
  assert.equal(broken.code, 1, 'three tries bring three quarters');
  const archive = join(sandbox.cache, 'downloads', release.archive);
  await assert.rejects(access(archive), 'a part has no name of its own yet');
  assert.equal((await stat(`${archive}.part`)).size, 3 * Math.ceil(total / 4));

  const whole = await sandbox.sh(libraries, 'ensure_node', environment);
  assert.equal(whole.code, 0, whole.stderr);
  assert.deepEqual(
    asked,
    [0, 1, 2, 3].map((quarter) => quarter * Math.ceil(total / 4)),
  );
});

test('if the server cannot resume, the whole file is downloaded again', async (t) => {
  const sandbox = await Sandbox.create(t);
  const release = await nodeRelease(sandbox);
  const url = await page(t, release);
  await sandbox.program('node', 'echo v20.20.2');
  await mkdir(join(sandbox.cache, 'downloads'), { recursive: true });
  await writeFile(join(sandbox.cache, 'downloads', `${release.archive}.part`), 'some bytes of another day');
  const result = await sandbox.sh(libraries, 'ensure_node', online({ NIXOS_FLEET_NODE_URL: url }));
  assert.equal(result.code, 0, result.stderr);
});

test("Pulumi's official release provides the CLI and its language hosts", async (t) => {
  const sandbox = await Sandbox.create(t);
  const archive = `pulumi-v${pulumiVersion}-${platform}.tar.gz`;
  const url = await page(t, {
    archive,
    content: await pack(sandbox, archive, {
      'pulumi/pulumi': `echo v${pulumiVersion}`,
      'pulumi/pulumi-language-nodejs': 'exit 0',
    }),
    sums: `pulumi-${pulumiVersion}-checksums.txt`,
    sumsText: (sum) => `${sum}  ${archive}\n`,
  });
  const result = await sandbox.sh(
    libraries,
    'ensure_pulumi; echo "$pulumi_path"; echo "closed=$pulumi_closed"',
    online({ NIXOS_FLEET_PULUMI_URL: url }),
  );
  assert.equal(result.code, 0, result.stderr);
  const bin = join(sandbox.cache, `pulumi-${pulumiVersion}/bin`);
  assert.equal(result.stdout, `${bin}\nclosed=\n`, 'its own downloads are left to it');
  await access(join(bin, 'pulumi-language-nodejs'));
});

test("Nix's official release is added to the store and its database", async (t) => {
  const sandbox = await Sandbox.create(t);
  const top = `nix-2.34.8-${system}`;
  const archive = `${top}.tar.xz`;
  const own = `${'0'.repeat(32)}-nix-2.34.8`;
  await mkdir(join(sandbox.root, 'release', top), { recursive: true });
  await writeFile(join(sandbox.root, 'release', top, '.reginfo'), 'what the database is told\n');
  const content = await pack(sandbox, archive, {
    [`${top}/store/${own}/bin/nix`]:
      "case $* in *'config show'*) exit 1 ;; *) echo 'nix (Nix) 2.34.8' ;; esac",
    [`${top}/store/${own}/bin/nix-store`]: `cat > '${sandbox.root}/registered'`,
    [`${top}/store/${'1'.repeat(32)}-glibc/lib/libc.so`]: '',
  });
  const url = await page(t, { archive, content, sums: `${archive}.sha256`, sumsText: (sum) => `${sum}\n` });
  const environment = online({ NIXOS_FLEET_NIX_URL: url });
  const result = await sandbox.sh(libraries, 'ensure_nix; echo "$nix_path"', environment);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(result.stdout, `${join(sandbox.cache, 'nix-2.34.8/bin')}\n`);
  await access(join(sandbox.root, 'nix/store', own, 'bin/nix'));
  assert.equal(await readFile(join(sandbox.root, 'registered'), 'utf8'), 'what the database is told\n');
  await access(join(sandbox.root, 'nix/var/nix/gcroots/nixos-fleet/bin/nix'));
  const configuration = await readFile(join(sandbox.cache, 'nix-2.34.8/etc/nix.conf'), 'utf8');
  assert.match(configuration, /^build-users-group =$/m);
  assert.match(configuration, /^substituters =$/m, 'no binary cache answered');
  // A store path is never replaced: a second run leaves it alone.
  const again = await sandbox.sh(libraries, 'ensure_nix', environment);
  assert.match(again.stderr, /nix: 2\.34\.8 is in the cache folder/);
});
