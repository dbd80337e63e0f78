import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDerivation, readDerivation } from '../../../../../lib/store/nix/derivation.ts';

test('a text that is not a derivation is refused; a missing file gives undefined', async () => {
  assert.throws(() => parseDerivation('{"json":true}'));
  assert.throws(() => parseDerivation('Derive([("out","/nix/store/x'));
  assert.equal(await readDerivation('/nix/store/67lqc0a7h6lzp0h4ixgafxink03jvm00-gone.drv'), undefined);
});
