import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageWarning } from '../../../../lib/kernel/age.ts';

const knownReleases = { testing: '7.2-rc1', '7.1': '7.1.2', '6.18': '6.18.37', '6.1': '6.1.176' };
const warning = (version: string) => ageWarning({ version, knownReleases });

test('a kernel behind the newest patch release of its series is outdated', () => {
  assert.equal(warning('6.18.9'), 'the kernel 6.18.9 is outdated: the flake’s nixpkgs has 6.18.37.');
  assert.match(warning('7.1') ?? '', /has 7\.1\.2/);
  for (const version of ['6.18.37', '6.18.38', '6.18.37-rt5', '6.1.176'])
    assert.equal(warning(version), undefined);
});

test('a series that nixpkgs no longer has is past its end of life; a newer series is not', () => {
  assert.match(
    warning('6.17.13') ?? '',
    /past its end of life: 6\.17 .* Maintained series: 6\.1, 6\.18, 7\.1\.$/,
  );
  assert.match(warning('5.4.300') ?? '', /past its end of life/);
  assert.equal(warning('7.2-rc1'), undefined);
});

test('there is no warning without releases to compare with', () => {
  assert.equal(ageWarning({ version: '4.19.1', knownReleases: {} }), undefined);
  assert.equal(warning('unversioned'), undefined);
});
