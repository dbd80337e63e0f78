import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findImage } from '../../../../lib/images/find-image.ts';

const folder = mkdtempSync(join(tmpdir(), 'find-image-'));
after(() => rmSync(folder, { recursive: true }));

function output(name: string, files: string[]): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const file of files) {
    mkdirSync(join(path, file, '..'), { recursive: true });
    writeFileSync(join(path, file), '');
  }
  return path;
}

test('a named file is the image, else the only file with the name of an image', async () => {
  const two = output('two', ['a.qcow2', 'b.qcow2']);
  assert.equal(await findImage(two, 'b.qcow2', 'disk'), join(two, 'b.qcow2'));
  const iso = output('iso', ['iso/nixos.iso', 'nix-support/hydra-build-products', 'nixos.iso.sha256']);
  assert.equal(await findImage(iso, '', 'disk'), join(iso, 'iso/nixos.iso'));
  // NixOS compresses an SD card's image after its name was decided.
  const card = output('card', ['sd-image/nixos.img.zst']);
  assert.equal(await findImage(card, 'sd-image/nixos.img', 'disk'), join(card, 'sd-image/nixos.img.zst'));
});

test('the output itself may be the image', async () => {
  const file = join(folder, 'disk.img');
  writeFileSync(file, '');
  assert.equal(await findImage(file, '', 'disk'), file);
});

test('an ambiguous output is an error that lists the files', async () => {
  const two = output('unclear', ['a.qcow2', 'b.raw', 'README']);
  await assert.rejects(
    findImage(two, '', 'disk'),
    /\[image-failed\][\s\S]*contains a\.qcow2, b\.raw\n[\s\S]*fix:/,
  );
  await assert.rejects(findImage(output('none', ['README']), '', 'disk'), /contains README/);
  await assert.rejects(findImage(output('empty', []), '', 'disk'), /is empty/);
});
