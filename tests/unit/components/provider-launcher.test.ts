import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { installLauncher, launcherText } from '../../../components/provider-launcher.ts';

const home = mkdtempSync(join(tmpdir(), 'provider-launcher-'));
after(() => rmSync(home, { recursive: true }));

const root = join(home, "it's here");
const file = join(home, 'plugins/resource-nixos-v1.2.3/pulumi-resource-nixos');
mkdirSync(root);
writeFileSync(join(root, 'package.json'), '{ "version": "1.2.3" }');

test('the launcher is installed as an executable plugin of the package’s version', () => {
  installLauncher(root, home);
  assert.equal(readFileSync(file, 'utf8'), launcherText(join(root, 'provider')));
  assert.equal(statSync(file).mode & 0o777, 0o755);
});

test('the launcher of another installation is replaced, a plugin of another origin is not', () => {
  writeFileSync(file, launcherText('/elsewhere/provider'));
  installLauncher(root, home);
  assert.equal(readFileSync(file, 'utf8'), launcherText(join(root, 'provider')));
  const { mtimeMs } = statSync(file);
  installLauncher(root, home);
  assert.equal(statSync(file).mtimeMs, mtimeMs);
  writeFileSync(file, '\x7fELF');
  installLauncher(root, home);
  assert.equal(readFileSync(file, 'utf8'), '\x7fELF');
});
