import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import plugin from '@pulumi/pulumi/proto/plugin_pb.js';
import proto from '@pulumi/pulumi/proto/provider_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import struct from 'google-protobuf/google/protobuf/struct_pb.js';
import { components, functions, registry } from '../../provider/registry.ts';
import { executable, ProviderProcess, urnOf } from './provider-process.ts';

const version = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;

describe('the provider process', () => {
  let provider: ProviderProcess;
  before(async () => {
    provider = await ProviderProcess.start();
  });
  after(() => provider.end());

  test('supports secrets, and outputs in arguments of components, and no other optional feature in the handshake', async () => {
    const request = new proto.ProviderHandshakeRequest();
    request.setEngineAddress(provider.engine.address);
    const response = await provider.call<proto.ProviderHandshakeResponse>('handshake', request);
    assert.equal(response.getAcceptSecrets(), true);
    assert.equal(response.getAcceptResources(), false);
    assert.equal(response.getAcceptOutputs(), true);
  });

  test('closes the connection of another user, and goes on for its own (fault 30)', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('needs root');
    const { port } = provider;
    // It drops its rights by itself, since Node.js may be in a folder of root alone.
    const program = `process.setgid(65534); process.setuid(65534);
      require('node:net').connect(${port}, '127.0.0.1').on('close', () => console.log('closed'))
        .on('error', () => {}).write('PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n');`;
    const other = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', timeout: 60_000 });
    assert.deepEqual([other.stdout, other.status], ['closed\n', 0], other.stderr);
    const info = await provider.call<plugin.PluginInfo>('getPluginInfo', new empty.Empty());
    assert.equal(info.getVersion(), version);
  });

  test('reports its version', async () => {
    const info = await provider.call<plugin.PluginInfo>('getPluginInfo', new empty.Empty());
    assert.equal(info.getVersion(), version);
  });

  test('is configured for previews', async () => {
    const response = await provider.configure({ onFailure: 'stop' });
    assert.equal(response.getSupportspreview(), true);
    assert.equal(response.getAcceptsecrets(), true);
  });

  test('names a bad key of its configuration', async () => {
    const request = new proto.CheckRequest();
    request.setUrn('urn:pulumi:dev::fleet::pulumi:providers:nixos::default');
    request.setNews(struct.Struct.fromJavaScript({ onFailure: 'maybe', colour: 'red', version: '1.0.0' }));
    const response = await provider.call<proto.CheckResponse>('checkConfig', request);
    assert.deepEqual(
      response.getFailuresList().map((failure) => failure.getReason().split(':', 1)[0]),
      ['onFailure', 'colour'],
    );
  });

  test('a change of its configuration replaces nothing', async () => {
    const request = new proto.DiffRequest();
    request.setOldInputs(struct.Struct.fromJavaScript({ onFailure: 'stop' }));
    request.setNews(struct.Struct.fromJavaScript({ onFailure: 'continue' }));
    const response = await provider.call<proto.DiffResponse>('diffConfig', request);
    assert.equal(response.getChanges(), proto.DiffResponse.DiffChanges.DIFF_SOME);
    assert.deepEqual(response.getReplacesList(), []);
  });

  test('returns its schema', async () => {
    const response = await provider.call<proto.GetSchemaResponse>('getSchema', new proto.GetSchemaRequest());
    const schema = JSON.parse(response.getSchema());
    assert.deepEqual(Object.keys(schema.resources), [...registry.keys(), ...components.keys()]);
    assert.deepEqual(Object.keys(schema.functions), [...functions.keys()]);
  });

  test('an unknown function or resource type is a clear error that names the known ones', async () => {
    const invoke = new proto.InvokeRequest();
    invoke.setTok('nixos:index:getNothing');
    await assert.rejects(provider.call('invoke', invoke), /no function 'nixos:index:getNothing'/);
    await assert.rejects(
      provider.check(urnOf('nixos:index:Nothing'), {}),
      /no resource type 'nixos:index:Nothing'(.|\n)*nixos:index:System/,
    );
  });

  test('attaches to another engine', async () => {
    const request = new plugin.PluginAttach();
    request.setAddress(provider.engine.address);
    await provider.call('attach', request);
  });

  test('acknowledges a cancel', async () => {
    assert.ok((await provider.cancel()) instanceof empty.Empty);
  });
});

describe('the life of the provider process', () => {
  test('it ends with exit code 0 when the engine goes away', { timeout: 20_000 }, async () => {
    const provider = await ProviderProcess.start();
    assert.equal(await provider.end(), 0);
  });

  test('it ends on SIGTERM', { timeout: 20_000 }, async () => {
    const provider = await ProviderProcess.start();
    const exited = once(provider.child, 'exit');
    provider.child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
    await provider.end();
  });
});

describe('the executable', () => {
  const folder = mkdtempSync(join(tmpdir(), 'provider-executable-'));
  after(() => rmSync(folder, { recursive: true }));

  test('an older Node is one clear line on stderr', () => {
    const pretend = join(folder, 'older.cjs');
    const versions = "{ ...process.versions, node: '22.3.0' }";
    writeFileSync(
      pretend,
      `Object.defineProperties(process, { version: { value: 'v22.3.0' }, versions: { value: ${versions} } });`,
    );
    const { status, stdout, stderr } = spawnSync(executable, [], {
      env: { PATH: `${join(process.execPath, '..')}:/usr/bin:/bin`, NODE_OPTIONS: `--require ${pretend}` },
      encoding: 'utf8',
    });
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^nixos-fleet: Node\.js 24 or newer is needed; PATH has v22\.3\.0 \(.*\)\. Install it, or run in a clone .*: npm run setup\n$/,
    );
  });

  test('compiled modules are kept in the cache folder of its user, and it starts where they cannot be', () => {
    const start = (cache: string) =>
      spawnSync(executable, ['127.0.0.1:1'], {
        // Its input is at its end, so it ends.
        input: '',
        timeout: 30_000,
        env: { PATH: `${join(process.execPath, '..')}:/usr/bin:/bin`, XDG_CACHE_HOME: cache },
        encoding: 'utf8',
      });
    const cache = join(folder, 'cache');
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const { status, stdout } of [start(cache), start(file)]) {
      assert.equal(status, 0);
      assert.match(stdout, /^\d+\n$/);
    }
    const [version = ''] = readdirSync(join(cache, 'nixos-fleet/v1/compiled'));
    assert.ok(readdirSync(join(cache, 'nixos-fleet/v1/compiled', version)).length > 100);
  });

  test('its start does not load what it may never need: the fetch of Node', () => {
    const server = new URL('../../provider/service/server.ts', import.meta.url).href;
    const program = `await import('${server}'); console.log(process.moduleLoadList.join('\\n'));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.match(stdout, /^NativeModule http2$/m, stderr);
    assert.doesNotMatch(stdout, /undici/);
  });

  test('a missing Node is one clear line on stderr', () => {
    const bin = join(folder, 'none');
    mkdirSync(bin);
    symlinkSync('/usr/bin/dirname', join(bin, 'dirname'));
    const { status, stderr } = spawnSync(executable, [], { env: { PATH: bin }, encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /^nixos-fleet: .*PATH has no node.*\n$/);
  });

  test('below node_modules it needs the bundle', () => {
    const installed = join(folder, 'node_modules/nixos-fleet/provider');
    mkdirSync(installed, { recursive: true });
    for (const file of ['pulumi-resource-nixos', 'start.cjs', 'compile-cache.cjs']) {
      cpSync(join(executable, '..', file), join(installed, file));
    }
    const run = () =>
      spawnSync(join(installed, 'pulumi-resource-nixos'), [], {
        env: { PATH: `${join(process.execPath, '..')}:/usr/bin:/bin` },
        encoding: 'utf8',
      });
    assert.match(run().stderr, /the provider's program is missing: .*dist\/provider\.js/);
    const dist = join(folder, 'node_modules/nixos-fleet/dist');
    mkdirSync(dist, { recursive: true });
    writeFileSync(join(dist, 'provider.js'), "console.log('bundled')");
    assert.equal(run().stdout, 'bundled\n');
  });
});
