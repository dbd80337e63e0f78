import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { configFileOf, recallSize, rememberSize, sizeOfConfig } from '../../../../lib/kernel/kernel-size.ts';

const hash = '8n6w406yg1mc5dalhnmr7y9a01l1ab83';
const kernel = (version: string) => `/nix/store/${hash}-linux-${version}.drv`;

test('symbols that are built in or modules are counted', () => {
  const text = '# CONFIG_A is not set\nCONFIG_B=y\nCONFIG_C=m\nCONFIG_D="y"\nCONFIG_E=10\n';
  assert.equal(sizeOfConfig(text)?.symbols, 2);
  assert.equal(sizeOfConfig(''), undefined);
});

test("the .config is found in nixpkgs' derivations and in the lab's", () => {
  const file = `/nix/store/${hash}-linux-config-6.12.5`;
  assert.equal(configFileOf({ configfile: file }), file);
  assert.equal(configFileOf({ configurePhase: `ln -sv ${file} $buildRoot/.config\nmake` }), file);
  assert.equal(configFileOf({ out: `/nix/store/${hash}-linux-6.12.5` }), undefined);
});

test('a kernel of the same version tells the size of the next, in proportion to its symbols', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'sizes.json');
  const size = { files: 230, symbols: 100 };
  assert.deepEqual(await recallSize(kernel('6.12.5'), size, file), size);
  await rememberSize(kernel('6.12.5'), { files: 400, symbols: 200 }, file);
  assert.deepEqual(await recallSize(kernel('6.12.7'), size, file), { files: 200, symbols: 100 });
  assert.deepEqual(await recallSize(kernel('6.18.1'), size, file), size);
  assert.equal(await recallSize(kernel('6.12.7'), undefined, file), undefined);
  // A damaged file is as good as none.
  writeFileSync(file, '{');
  assert.deepEqual(await recallSize(kernel('6.12.5'), size, file), size);
  await rememberSize(kernel('6.18.1'), { files: 400, symbols: 200 }, file);
  assert.equal((await recallSize(kernel('6.18.2'), size, file))?.files, 200);
});
