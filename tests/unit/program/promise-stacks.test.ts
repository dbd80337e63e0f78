import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { skipPromiseStacks } from '../../../program/promise-stacks.ts';

const before = Error.prepareStackTrace;
after(() => {
  Error.prepareStackTrace = before;
});

/** Named as Pulumi's own. */
function debuggablePromise(): string | undefined {
  return new Error('of a promise').stack;
}

test('stack traces of Pulumi’s promises are not formatted; those of errors are', () => {
  skipPromiseStacks();
  assert.equal(debuggablePromise(), 'Error: of a promise');
  const inner = () => new TypeError('a bug');
  const outer = () => inner();
  assert.match(outer().stack ?? '', /^TypeError: a bug\n {4}at inner .*\n {4}at outer .*\n {4}at /);
});
