import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DerivationTexts } from '../../../../lib/evaluation/derivation-text.ts';
import type { Derivation } from '../../../../lib/store/nix/derivation.ts';

const path = (name: string) => `/nix/store/${'a'.repeat(32)}-${name}`;

const derivations: Record<string, Partial<Omit<Derivation, 'inputDrvs'>> & { inputDrvs?: string[] }> = {
  'nginx.conf': {
    env: { buildCommand: `cp ${path('raw.conf')} $out`, nativeBuildInputs: path('gixy-1.0') },
    inputDrvs: ['raw.conf', 'unused.conf', 'gixy-1.0'],
  },
  'raw.conf': { env: { text: `include ${path('mime.types')};\nlisten 80;` }, inputDrvs: ['mime.types'] },
  'mime.types': { env: { __json: '{"text":"text/html html","outputs":{}}' } },
  'unused.conf': { env: { text: 'not referred to' } },
  'gixy-1.0': { env: { buildCommand: 'make' } },
  script: { args: ['-c', 'echo hello'] },
};

const texts = new DerivationTexts(async (drvPath) => {
  const name = drvPath.replace(/^.{44}|\.drv$/g, '');
  const known = derivations[name];
  return (
    known && {
      outputs: { out: path(name) },
      fixed: false,
      sources: [],
      system: 'x86_64-linux',
      args: [],
      env: {},
      ...known,
      inputDrvs: Object.fromEntries((known.inputDrvs ?? []).map((input) => [`${path(input)}.drv`, ['out']])),
    }
  );
});

test('a text includes the texts it refers to, but no packages and tools', async () => {
  const found = await texts.texts(`${path('nginx.conf')}.drv`);
  assert.deepEqual(
    found.map(({ name }) => name),
    ['nginx.conf', 'raw.conf', 'mime.types'],
  );
  assert.match(found[1]?.content ?? '', /listen 80/);
  assert.equal(found[2]?.content, 'text/html html');
});

test('a derivation without a content attribute is read by its arguments', async () => {
  assert.deepEqual(await texts.texts(`${path('script')}.drv`), [
    { name: 'script', content: '-c\necho hello' },
  ]);
});

test('a derivation that is not in the store has no texts', async () => {
  assert.deepEqual(await texts.texts(`${path('gone')}.drv`), []);
});
