import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adoptedHost } from '../../../../../provider/resources/deployment/adopted.ts';
import { adoptionVariable } from '../../../../../schema/adoption.ts';

test('ids of other imports are left to them', () => {
  assert.equal(adoptedHost('root@web.example.org'), undefined);
});

test('an id of an adoption means nothing without the file of the command', () => {
  assert.equal(process.env[adoptionVariable], undefined);
  assert.throws(
    () => adoptedHost('adopt:web'),
    /web: 'adopt:web' is an id.*\[config-invalid\][\s\S]*npm run adopt/,
  );
});
