import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FleetError } from '../../../../../lib/base/errors.ts';
import {
  isOlder,
  minimumNixVersion,
  parseNixVersion,
  requireNix,
} from '../../../../../lib/store/nix/version.ts';
import { ownFolder } from '../../../../fixtures/flakes/copy.ts';

test('the version of Nix and of its relatives', () => {
  assert.equal(parseNixVersion('nix (Nix) 2.34.8\n'), '2.34.8');
  assert.equal(parseNixVersion('nix (Nix) 2.25pre20240910_abcdef1\n'), '2.25');
  assert.equal(parseNixVersion('nix (Lix, like Nix) 2.93.0\n'), '2.93.0');
  assert.equal(parseNixVersion('nix (Determinate Nix 3.1.0) 2.30.1'), '2.30.1');
  assert.equal(parseNixVersion('no nix here'), undefined);
});

test('versions are compared by number', () => {
  assert.ok(isOlder('2.8.0', minimumNixVersion));
  assert.ok(isOlder('2.9', '2.24'));
  assert.ok(!isOlder('2.24', '2.24'));
  assert.ok(!isOlder('2.24.1', '2.24'));
  assert.ok(!isOlder('3.0', '2.24'));
});

test('a Nix that is missing or too old is said, with what is wanted', async (t) => {
  const path = process.env.PATH;
  t.after(() => {
    process.env.PATH = path;
  });
  const folder = await ownFolder();
  process.env.PATH = folder;
  await assert.rejects(requireNix(), (error) => error instanceof FleetError && error.code === 'tool-missing');
  await mkdir(join(folder, 'old'));
  await writeFile(join(folder, 'old/nix'), '#!/bin/sh\necho "nix (Nix) 2.8.0"\n', { mode: 0o755 });
  process.env.PATH = join(folder, 'old');
  await assert.rejects(requireNix(), (error) => {
    assert.ok(error instanceof FleetError);
    assert.equal(error.code, 'tool-missing');
    assert.match(error.message, /2\.24[\s\S]*2\.8\.0/);
    return true;
  });
  process.env.PATH = path;
  assert.match(await requireNix(), /^\d+\.\d+/);
});
