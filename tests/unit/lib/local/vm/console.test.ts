import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plain } from '../../../../../lib/local/vm/console.ts';

test('a serial console is shown as plain lines', () => {
  const text =
    '\u001b[?25l\u001b[0;32m  OK  \u001b[0m] Reached target\r\n\r\n[   14.17] Kernel panic\r\n/ # \u001b[6n';
  assert.equal(plain(text), '  OK  ] Reached target\n[   14.17] Kernel panic\n/ # ');
});
