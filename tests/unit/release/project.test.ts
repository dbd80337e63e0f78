import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readVersions } from '../../../release/project.ts';
import { releaseProblems } from '../../../release/versions.ts';

test('all files of the project have one version', () => {
  const versions = readVersions();
  assert.ok(Object.keys(versions.templates).length >= 2);
  assert.deepEqual(releaseProblems(versions, undefined), []);
});
