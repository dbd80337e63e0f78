import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetError } from '../../../../lib/base/errors.ts';
import { chooseGeneration, describeGenerations } from '../../../../lib/machine/generations.ts';

const [a, b] = ['a', 'b'].map((name) => `/nix/store/${name.repeat(32)}-nixos-system-web`) as [string, string];
const made = (number: number, system: string) => ({
  number,
  system,
  since: `2026-07-0${number}T10:00:00.000Z`,
  hasSpecialisation: false,
});
const all = [made(4, b), made(3, b), made(2, a), made(1, b)];

test('without a number, the newest generation with another system is chosen', () => {
  assert.equal(chooseGeneration('web', all, { live: b }).number, 2);
  assert.equal(chooseGeneration('web', all, { live: a }).number, 4);
});

test('a live system without a generation goes to the newest one', () => {
  assert.equal(chooseGeneration('web', all, { live: '/nix/store/x-tested' }).number, 4);
});

test('a named generation is chosen, even one of the live system', () => {
  assert.equal(chooseGeneration('web', all, { live: b, to: 3 }).number, 3);
});

test('an error names the generations that there are', () => {
  assert.throws(
    () => chooseGeneration('web', all, { live: b, to: 7 }),
    (error: FleetError) => {
      assert.match(error.message, /web: there is no generation 7/);
      assert.equal(error.why, describeGenerations(all, b).join('\n'));
      assert.match(
        error.why ?? '',
        /generation 3, 2026-07-03T10:00:00.000Z: nixos-system-web \(bbbbbbbb\), live/,
      );
      return true;
    },
  );
  assert.throws(
    () => chooseGeneration('web', [made(1, b)], { live: b }),
    /no earlier system.*\n.*generation 1,/,
  );
  assert.throws(() => chooseGeneration('web', [], { live: b }), /its system profile has no generations/);
});
