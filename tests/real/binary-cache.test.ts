/** Which programs the systems get: nixpkgs' own, if a binary cache has them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { nix } from '../../lib/store/nix/nix.ts';
import { cacheOf, switchToConfigurationOf } from './binary-cache.ts';

const nixpkgs = process.env.NIXPKGS ?? '';
const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-real-cache-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const url = `file://${folder}`;

async function cacheIn(variable: string): Promise<string | undefined> {
  process.env.BINARY_CACHE = variable;
  try {
    return (await cacheOf(nixpkgs))?.url;
  } finally {
    delete process.env.BINARY_CACHE;
  }
}

test('a binary cache counts if it is reachable and has this nixpkgs', async () => {
  writeFileSync(join(folder, 'nix-cache-info'), 'StoreDir: /nix/store\n');
  assert.equal(await cacheIn(url), undefined, 'it is empty');
  const path = await switchToConfigurationOf(nixpkgs);
  assert.ok(path);
  const hash = basename(path).slice(0, 32);
  writeFileSync(
    join(folder, `${hash}.narinfo`),
    `StorePath: ${path}\nURL: nar/none.nar\nCompression: none\nNarHash: sha256:${'0'.repeat(52)}\nNarSize: 1\nReferences: \n`,
  );
  // Nix remembers that a cache lacks a path: this is another cache for it.
  assert.equal(await cacheIn(`${url}?priority=41`), `${url}?priority=41`);
  assert.equal(await cacheIn('http://127.0.0.1:9'), undefined, 'it is not reachable');
});

test('the systems evaluate with nixpkgs’s own programs', async () => {
  const systems = new URL('../fixtures/real/systems.nix', import.meta.url).pathname;
  const expression = `with import ${systems} { nixpkgs = ${nixpkgs}; }; map (each: each.drvPath) [ plain other-systemd ]`;
  const store = ['--store', 'dummy://?read-only=false'];
  const { exitCode, stdout, stderr } = await nix(
    ['eval', '--json', '--impure', ...store, '--expr', expression],
    {
      timeoutSeconds: 600,
    },
  );
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /nixos-system-one-plain\.drv.*nixos-system-one-other-systemd\.drv/);
});
