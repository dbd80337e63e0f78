import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountName, expandHome } from '../../../../lib/base/home.ts';

test('a user id without an account has a name all the same (fault 27)', () => {
  const none = () => {
    throw Object.assign(new Error('uv_os_get_passwd returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' });
  };
  assert.ok(accountName(none));
});

test('a leading ~ is the home folder', () => {
  assert.equal(expandHome('~/x'), `${process.env.HOME}/x`);
  assert.equal(expandHome('~'), process.env.HOME);
  assert.equal(expandHome('~other/x'), '~other/x');
});
