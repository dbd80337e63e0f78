import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FleetError } from '../../../../../lib/base/errors.ts';
import { requireNix } from '../../../../../lib/store/nix/version.ts';
import { ownFolder } from '../../../../fixtures/flakes/copy.ts';

test('a missing or too old Nix is tool-missing, with the required version', async (t) => {
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
  await mkdir(join(folder, 'broken'));
  const broken = '#!/bin/sh\necho "error: bad setting" >&2\nexit 1\n';
  await writeFile(join(folder, 'broken/nix'), broken, { mode: 0o755 });
  process.env.PATH = join(folder, 'broken');
  await assert.rejects(requireNix(), /Nix cannot be started[\s\S]*bad setting/);
  process.env.PATH = path;
  assert.match(await requireNix(), /^\d+\.\d+/);
});
