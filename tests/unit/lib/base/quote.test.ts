import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shellQuote } from '../../../../lib/base/quote.ts';

test('a plain word stays readable', () => {
  assert.equal(shellQuote('/nix/store/abc-nixos-system-web-24.05'), '/nix/store/abc-nixos-system-web-24.05');
});
