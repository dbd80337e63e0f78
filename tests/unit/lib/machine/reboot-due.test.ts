import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rebootDue } from '../../../../lib/machine/reboot-due.ts';

const parts = (kernel: string) => ({ kernel, initrd: 'i', modules: 'm', params: 'quiet' });
const a = parts('a');
const b = parts('b');
const none = { container: false, containing: undefined };

test('a reboot is due if the live system or that of the next boot has another kernel', () => {
  assert.equal(rebootDue({ ...none, booted: a, current: a, profile: a }), false);
  assert.equal(rebootDue({ ...none, booted: a, current: b, profile: a }), true);
  assert.equal(rebootDue({ ...none, booted: a, current: a, profile: b }), true);
  assert.equal(rebootDue({ ...none, booted: undefined, current: a, profile: b }), false);
  assert.equal(rebootDue({ ...none, container: true, booted: a, current: b, profile: b }), false);
});

test('a live specialisation with a kernel of its own: due only until the system that contains it is booted (fault 13)', () => {
  const live = { container: false, current: b, containing: a, profile: a };
  assert.equal(rebootDue({ ...live, booted: a }), false);
  assert.equal(rebootDue({ ...live, booted: b }), false, 'booted by hand');
  assert.equal(rebootDue({ ...live, booted: parts('c') }), true);
});
