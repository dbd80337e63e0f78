/** Whether a computer's binary caches have NixOS for the lab: real Nix, caches on the loopback interface, and a tiny flake. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { probeNixos, requireNixosFlake } from '../../../../../lib/local/lab/nixos-flake.ts';

const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-probe-'));
const servers: Server[] = [];
const hash = 'a'.repeat(32);
const systemd = `/nix/store/${hash}-systemd-258`;
const narinfo = [
  `StorePath: ${systemd}`,
  'URL: nar/systemd.nar',
  'Compression: none',
  `NarHash: sha256:${'0'.repeat(52)}`,
  'NarSize: 120',
  'References: ',
  '',
].join('\n');
let requests: string[] = [];
const before = { ...process.env };

after(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
  process.env = before;
});
beforeEach(() => {
  requests = [];
  // Nix keeps answers of caches: each test begins without.
  process.env.XDG_CACHE_HOME = mkdtempSync(join(folder, 'cache-'));
});

/** A binary cache that has the given narinfo files. Returns its address. */
async function binaryCache(files: Record<string, string>): Promise<string> {
  const all: Record<string, string> = { '/nix-cache-info': 'StoreDir: /nix/store\n', ...files };
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const found = all[request.url ?? ''];
    response.writeHead(found === undefined ? 404 : 200).end(found);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An address where nothing listens. */
async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** A flake with an input `nixos`, if `inputs` has one, whose NixOS is given by a Nix expression. */
function flakeWith(
  nixos: string,
  input = true,
): { flake: string; baseDirectory: string; overrideInputs: Record<string, string> } {
  const base = mkdtempSync(join(folder, 'flake-'));
  const write = (name: string, text: string) => {
    mkdirSync(join(base, name));
    writeFileSync(join(base, name, 'flake.nix'), text);
  };
  write('none', '{ outputs = _: { }; }');
  write('nixos', `{ outputs = _: { lib = ${nixos}; }; }`);
  write(
    'lab',
    input
      ? `{ inputs.nixos.url = "path:${base}/none"; outputs = { nixos, ... }: { nixos = nixos.lib; }; }`
      : '{ outputs = _: { }; }',
  );
  return { flake: `path:${base}/lab`, baseDirectory: base, overrideInputs: { nixos: `path:${base}/nixos` } };
}
const nixos = `{ release = "26.05"; paths = [ "${systemd}" ]; }`;
// Fails the test if it is evaluated, as nixpkgs would be fetched then.
const untouched = 'abort "NixOS was evaluated"';

test('a cache that has the packages is found among others', async () => {
  const empty = await binaryCache({});
  const cache = await binaryCache({ [`/${hash}.narinfo`]: narinfo });
  assert.deepEqual(await probeNixos(flakeWith(nixos), [await closedPort(), empty, cache]), {
    release: '26.05',
    cache,
  });
});

test('a cache without the packages does not count', async () => {
  const empty = await binaryCache({});
  assert.deepEqual(await probeNixos(flakeWith(nixos), [empty]), {
    missing: `${empty} has no packages of NixOS 26.05`,
  });
  assert.ok(requests.includes(`/${hash}.narinfo`));
});

test('without a cache that answers nothing is evaluated', async () => {
  const closed = await closedPort();
  const probed = await probeNixos(flakeWith(untouched), [closed]);
  assert.ok('missing' in probed);
  assert.match(probed.missing, /^no binary cache answers \(http:\/\/127\.0\.0\.1:\d+: .+\)$/);
  assert.deepEqual(await probeNixos(flakeWith(untouched), []), {
    missing: 'this computer’s Nix has no binary cache',
  });
});

test('a cache that answered before and is off now does not count', async () => {
  const cache = await binaryCache({ [`/${hash}.narinfo`]: narinfo });
  assert.deepEqual(await probeNixos(flakeWith(nixos), [cache]), { release: '26.05', cache });
  const server = servers.at(-1);
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
  const probed = await probeNixos(flakeWith(untouched), [cache]);
  assert.match('missing' in probed ? probed.missing : '', /^no binary cache answers/);
});

test('a NixOS that cannot be fetched or evaluated is reported by its error', async () => {
  const cache = await binaryCache({});
  assert.deepEqual(await probeNixos(flakeWith('throw "nixpkgs is broken"'), [cache]), {
    missing: 'NixOS cannot be evaluated: nixpkgs is broken',
  });
});

test('a flake without the input imitates NixOS, and is refused where real NixOS is required', async () => {
  const cache = await binaryCache({});
  const flake = flakeWith(untouched, false);
  assert.deepEqual(await probeNixos(flake, [cache]), {
    missing: `the flake '${flake.flake}' has no input 'nixos'`,
  });
  assert.deepEqual(requests, []);
  await assert.rejects(requireNixosFlake(flake), /the lab’s machines cannot run real NixOS/);
  await requireNixosFlake(flakeWith(untouched));
});
