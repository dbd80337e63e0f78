import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatUrn, parseUrn } from '../../../../lib/base/urn.ts';

test('a URN’s type is the last one, and its name may hold colons', () => {
  const parts = { stack: 'prod', project: 'fleet', type: 'nixos:index:Secret', name: 'web::key' };
  assert.deepEqual(parseUrn('urn:pulumi:prod::fleet::nixos:index:Host$nixos:index:Secret::web::key'), parts);
  assert.deepEqual(parseUrn(formatUrn(parts)), parts);
});
