import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../../../lib/base/errors.ts';
import { selectHosts } from '../../../../program/config/select-hosts.ts';

const hosts = {
  web1: { tags: ['web', 'eu-west'] },
  web2: { tags: ['web', 'us'] },
  'db1.example.org': { tags: ['db', 'eu-north'] },
  mail: {},
};
const select = (text: string) => selectHosts(text, hosts).join(' ');

test('hosts are selected by name, glob, tag and exclusion, in any order', () => {
  assert.equal(select('mail'), 'mail');
  assert.equal(select('web*'), 'web1 web2');
  assert.equal(select('db1*,web?'), 'db1.example.org web1 web2');
  assert.equal(select('@web'), 'web1 web2');
  assert.equal(select('@eu-*'), 'db1.example.org web1');
  assert.equal(select('!@eu-*'), 'mail web2');
  assert.equal(select('!web2 web*'), 'web1');
  assert.equal(select('*,!mail'), 'db1.example.org web1 web2');
  assert.equal(select('web1, @us'), 'web1 web2');
});

test('a selector that names nothing is an error with a suggestion', () => {
  const fails = (text: string, what: RegExp, fix: RegExp) =>
    assert.throws(
      () => select(text),
      (error: { fix?: string } & Error) =>
        hasCode(error, 'config-invalid') && what.test(error.message) && fix.test(error.fix ?? ''),
    );
  fails('wbe1', /wbe1 names no host/, /Did you mean web1\?/);
  fails('@ew', /@ew names no host/, /--on/);
  fails('@usa', /@usa names no host/, /Did you mean @us\?/);
  fails('mail,!mial', /mial names no host/, /Did you mean mail\?/);
  fails('', /no host is selected/, /--on/);
  fails('mail,!mail', /excludes all hosts/, /--on/);
});
