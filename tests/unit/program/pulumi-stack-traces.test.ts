import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Internals, internals, skipPulumiStackTraces } from '../../../program/pulumi-stack-traces.ts';

const { resource, promises } = internals;
const { callsites } = resource;
const { debuggablePromise } = promises;
after(() => {
  Object.assign(resource, { callsites });
  Object.assign(promises, { debuggablePromise });
});

/** The stack that Pulumi keeps with a promise. */
function stackOf(promise: Promise<unknown>): string {
  void promises.debuggablePromise?.(promise, 'of a test');
  return (promise as { _debugStackTrace?: string })._debugStackTrace ?? '';
}

test('stack traces of Pulumi’s promises and resources are not captured; those of errors are', () => {
  assert.match(stackOf(Promise.resolve()), /\n {4}at /);
  assert.ok((resource.callsites?.() ?? []).length > 0);

  skipPulumiStackTraces();

  assert.equal(stackOf(Promise.resolve()), 'Error');
  assert.deepEqual(resource.callsites?.(), []);
  const inner = () => new TypeError('a bug');
  const outer = () => inner();
  assert.match(outer().stack ?? '', /^TypeError: a bug\n {4}at inner .*\n {4}at outer .*\n {4}at /);
});

test('an SDK without these parts is left as it is', () => {
  const other: Internals = { resource: {}, promises: {} };
  skipPulumiStackTraces(other);
  assert.deepEqual(other, { resource: {}, promises: {} });
});
