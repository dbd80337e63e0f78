import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError, type FleetErrorDetails } from '../../../../lib/base/errors.ts';
import { parseErrors } from '../../../../lib/base/parse-error.ts';

const details: FleetErrorDetails[] = [
  {
    code: 'build-failed',
    host: 'web-1.eu',
    what: 'cannot build the system',
    why: 'one\n  two\n\nthree',
    fix: 'Fix it.',
  },
  { code: 'config-invalid', what: '--on is missing', fix: 'first\nsecond' },
  { code: 'unreachable', host: 'db', what: 'cannot connect to root@db: port 22' },
];
const text = (...errors: FleetErrorDetails[]) =>
  errors.map((each) => new FleetError(each).message).join('\n');

test('messages are read as the errors that they are of', () => {
  for (const each of details) {
    assert.deepEqual(parseErrors(text(each)), {
      errors: [{ host: undefined, ...each }],
      rest: '',
    });
  }
});

test('several in one text are told apart', () => {
  const { errors, rest } = parseErrors(text(...details));
  assert.deepEqual(
    errors,
    details.map((each) => ({ host: undefined, ...each })),
  );
  assert.equal(rest, '');
});

test('lines around them, and brackets of other programs, are the rest', () => {
  const { errors, rest } = parseErrors(
    `update failed\n${text(details[2] as FleetErrorDetails)}\n\nsee also [this]\n  hint`,
  );
  assert.deepEqual(
    errors.map(({ code }) => code),
    ['unreachable'],
  );
  assert.equal(rest, 'update failed\n\nsee also [this]\n  hint');
  assert.deepEqual(parseErrors('error: boom'), { errors: [], rest: 'error: boom' });
});
