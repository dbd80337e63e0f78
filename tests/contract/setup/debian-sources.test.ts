import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sandbox } from './sandbox.ts';

const libraries = ['common', 'apt'];

/** What `apt-get indextargets` tells, as "URI suite origin" lines. */
async function sources(sandbox: Sandbox, targets: string, suite: string, environment = {}) {
  await sandbox.program('apt-get', `[ "$1" = indextargets ] && printf '%s' '${targets}'`);
  return sandbox.sh(libraries, `NIXOS_FLEET_DEBIAN_KEYRING=/dev/null; apt_source ${suite}`, environment);
}

const debian = `http://archive.test/debian/ bookworm Debian
http://archive.test/debian/ bookworm-updates Debian
http://security.test/debian-security/ bookworm-security Debian
http://other.test/apt/ nodistro Other
`;

test("the archive's address comes from the system's apt", async (t) => {
  const sandbox = await Sandbox.create(t);
  const result = await sources(sandbox, debian, 'forky');
  assert.equal(result.code, 0, result.stderr);
  assert.equal(
    result.stdout.trim(),
    'Types: deb\nURIs: http://archive.test/debian/\nSuites: forky\nComponents: main\nSigned-By: /dev/null',
  );
});

test("the computer's own suite comes with its updates and security fixes", async (t) => {
  const sandbox = await Sandbox.create(t);
  const result = await sources(sandbox, debian, 'bookworm');
  assert.deepEqual(result.stdout.match(/Suites: .*/g), [
    'Suites: bookworm',
    'Suites: bookworm-updates',
    'Suites: bookworm-security',
  ]);
  assert.match(result.stdout, /URIs: http:\/\/security\.test\/debian-security\/\nSuites: bookworm-security/);
});

test('before the first update of the lists, the suite name is enough', async (t) => {
  const sandbox = await Sandbox.create(t);
  const result = await sources(sandbox, 'http://archive.test/debian/ trixie \n', 'forky');
  assert.match(result.stdout, /URIs: http:\/\/archive\.test\/debian\/\nSuites: forky/);
});

test('on a computer without Debian, the error names the variable to set', async (t) => {
  const sandbox = await Sandbox.create(t);
  const ubuntu = 'http://archive.test/ubuntu/ noble Ubuntu\n';
  assert.notEqual((await sources(sandbox, ubuntu, 'forky')).code, 0);
  const named = await sources(sandbox, ubuntu, 'forky', {
    NIXOS_FLEET_DEBIAN_URI: 'http://named.test/debian',
  });
  assert.match(named.stdout, /URIs: http:\/\/named\.test\/debian\nSuites: forky/);
  const result = await sandbox.sh(libraries, 'apt_prepare forky');
  assert.equal(result.code, 1);
  assert.match(result.stderr, /apt has no Debian archive/);
  assert.match(result.stderr, /NIXOS_FLEET_DEBIAN_URI/);
});
