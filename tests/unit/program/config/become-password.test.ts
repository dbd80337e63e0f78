import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetError } from '../../../../lib/base/errors.ts';
import { refusePlainPasswords } from '../../../../program/config/become-password.ts';
import { parseStackConfig } from '../../../../program/config/parse-config.ts';

const password = { becomePassword: 'hunter2' };
const config = (hosts: object, defaults = {}) =>
  parseStackConfig({ hosts: JSON.stringify(hosts), defaults: JSON.stringify(defaults) }, 'prod');

test('a password in plain text is refused with the file and the command that sets it, and is not shown', () => {
  const refused = (key: string) => (error: FleetError) => {
    assert.equal(error.code, 'config-invalid');
    assert.ok(error.fix?.includes(`config set --secret --path 'nixos-fleet:${key}'`), error.message);
    assert.match(error.message, /becomePassword is in plain text in Pulumi\.prod\.yaml/);
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  };
  const ofHost = config({ db: {}, web: password });
  assert.throws(() => refusePlainPasswords(ofHost, 'prod', () => false), refused('hosts.web.becomePassword'));
  // That something else is encrypted does not help.
  assert.throws(
    () => refusePlainPasswords(ofHost, 'prod', (key) => key === 'defaults'),
    refused('hosts.web.becomePassword'),
  );
  const ofAll = config({ web: {} }, password);
  assert.throws(
    () => refusePlainPasswords(ofAll, 'prod', (key) => key === 'hosts'),
    refused('defaults.becomePassword'),
  );
});

test('an encrypted password is accepted, and so is none', () => {
  refusePlainPasswords(config({ web: password }, password), 'prod', () => true);
  refusePlainPasswords(config({ web: {} }), 'prod', () => false);
});
