import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetError } from '../../../../lib/base/errors.ts';
import { refuseClearPasswords } from '../../../../program/config/become-password.ts';
import { parseStackConfig } from '../../../../program/config/parse-config.ts';

const password = { becomePassword: 'hunter2' };
const config = (hosts: object, defaults = {}) =>
  parseStackConfig({ hosts: JSON.stringify(hosts), defaults: JSON.stringify(defaults) }, 'prod');

test('a password in the clear is refused, with the command that sets it, and is not shown', () => {
  const refused = (key: string) => (error: FleetError) => {
    assert.equal(error.code, 'config-invalid');
    assert.ok(error.fix?.includes(`config set --secret --path 'nixos-fleet:${key}'`), error.message);
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  };
  const ofHost = config({ db: {}, web: password });
  assert.throws(() => refuseClearPasswords(ofHost, () => false), refused('hosts.web.becomePassword'));
  // That something else is encrypted does not help.
  assert.throws(
    () => refuseClearPasswords(ofHost, (key) => key === 'defaults'),
    refused('hosts.web.becomePassword'),
  );
  const ofAll = config({ web: {} }, password);
  assert.throws(
    () => refuseClearPasswords(ofAll, (key) => key === 'hosts'),
    refused('defaults.becomePassword'),
  );
});

test('an encrypted one is taken, and none is none', () => {
  refuseClearPasswords(config({ web: password }, password), () => true);
  refuseClearPasswords(config({ web: {} }), () => false);
});
