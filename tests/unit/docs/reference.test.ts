import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { reference } from '../../../docs/generate-reference.ts';

test('docs/reference.md is what the schemas say', () => {
  const written = readFileSync(new URL('../../../docs/reference.md', import.meta.url), 'utf8');
  assert.equal(written, reference(), 'run: node docs/generate-reference.ts');
});
