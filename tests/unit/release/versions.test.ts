import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changelogSection, releasedChangelog, releaseProblems } from '../../../release/versions.ts';

const changelog =
  '# Changelog\n\n## 1.2.0 (2026-11-29)\n\n### Fixed\n\n- One.\n\n## 1.1.0 (2026-01-02)\n\n- Two.\n';
const versions = {
  version: '1.2.0',
  lock: '1.2.0',
  templates: { 'templates/a/package.json': '^1.2.0' },
  changelog,
};

test('a tag of the version with a section of the changelog can be released', () => {
  assert.deepEqual(releaseProblems(versions, 'v1.2.0'), []);
});

test('a tag of another version, or without a section of the changelog, is refused', () => {
  assert.deepEqual(releaseProblems(versions, 'v1.3.0'), [
    'the tag is v1.3.0, the version of package.json 1.2.0',
  ]);
  assert.deepEqual(
    releaseProblems({ ...versions, changelog: '## 1.2.0\n\n## 1.1.0\n\n- Two.\n' }, 'v1.2.0'),
    ['CHANGELOG.md has no section 1.2.0'],
  );
  assert.deepEqual(
    releaseProblems({ ...versions, changelog: `## Unreleased\n\n- New.\n\n${changelog}` }, 'v1.2.0'),
    ['CHANGELOG.md has unreleased changes above those of 1.2.0'],
  );
});

test('files that repeat the version must have the same, also without a tag', () => {
  const other = { ...versions, lock: '1.1.0', templates: { 'templates/a/package.json': '^1.1.0' } };
  assert.deepEqual(releaseProblems(other, undefined), [
    'package-lock.json has version 1.1.0, package.json 1.2.0',
    'templates/a/package.json depends on ^1.1.0, not on ^1.2.0',
  ]);
});

test('a section of the changelog has the text up to the next version', () => {
  assert.equal(changelogSection(changelog, '1.2.0'), '### Fixed\n\n- One.');
  assert.equal(changelogSection(changelog, '1.1'), undefined);
});

test('a release gives its version to the unreleased changes', () => {
  assert.equal(
    releasedChangelog('# Changelog\n\n## Unreleased\n\n- New.\n', '1.3.0', '2026-12-01'),
    '# Changelog\n\n## 1.3.0 (2026-12-01)\n\n- New.\n',
  );
});
