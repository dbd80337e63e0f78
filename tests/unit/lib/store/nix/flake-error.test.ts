import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { flakeError } from '../../../../../lib/store/nix/flake-error.ts';

const root = mkdtempSync(join(tmpdir(), 'nixos-fleet-test-'));
after(() => rmSync(root, { recursive: true }));
const folder = join(root, 'fleet');
mkdirSync(folder);
writeFileSync(join(folder, 'flake.nix'), '{\n  outputs = _: { x = };\n}\n');

const copy = '/nix/store/kca71jvx7a42x0779b0mz15npyggx956-source';
const errorOf = (
  stderr: string,
  given: { flake?: string; replaced?: { input: string; path: string }[] } = {},
) =>
  flakeError(
    { flake: './fleet', baseDirectory: root, flakeRef: folder, folder, replaced: [], ...given },
    stderr,
  );
const syntaxError = (line: string) =>
  `error: syntax error, unexpected '}'\n       at ${copy}/flake.nix:2:22:\n            1| {\n            2|${line}\n             |                      ^\n`;

test('a mistake in the flake is shown in the folder that its author edits, one in an input is not', () => {
  assert.match(errorOf(syntaxError('   outputs = _: { x = };')).why ?? '', /at \S+\/fleet\/flake\.nix:2:22/);
  assert.match(
    errorOf(syntaxError('   outputs = _: { y = };')).why ?? '',
    /at \/nix\/store\/\S+\/flake\.nix:2:22/,
  );
  const missing = (file: string) => errorOf(`error: path '${copy}/${file}' does not exist\n`).why ?? '';
  assert.match(missing('hosts.nix'), /fleet\/hosts\.nix' does not exist/);
  assert.match(missing('flake.nix'), /-source\/flake\.nix' does not exist/);
});

test('the fix names what is not there', () => {
  const path = join(root, 'gone');
  const gone = `error: getting status of "${path}": No such file or directory\n`;
  assert.match(
    errorOf(gone, { replaced: [{ input: 'nixpkgs', path }] }).fix ?? '',
    /replaces the input 'nixpkgs'/,
  );
  assert.match(errorOf(gone).fix ?? '', /paths of inputs in flake\.nix/);
  const registry = "error: cannot find flake 'flake:fleet' in the flake registries\n";
  assert.equal(errorOf(registry, { flake: 'fleet' }).fix, 'Write ./fleet');
  mkdirSync(join(root, 'ha#sh'));
  const cut = `error: getting status of "${join(root, 'ha')}": No such file or directory\n`;
  assert.equal(errorOf(cut, { flake: './ha#sh' }).fix, `Write it as path:${root}/ha%23sh`);
});
