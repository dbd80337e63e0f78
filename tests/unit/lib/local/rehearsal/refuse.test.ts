import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../../../../lib/base/errors.ts';
import { refuseUnrehearsed } from '../../../../../lib/local/rehearsal/refuse.ts';
import type { FleetEvaluation } from '../../../../../schema/evaluation.ts';

test('a machine whose rehearsal cannot be evaluated fails with the reason; the others are unchanged', () => {
  const hosts = { web: { ok: true }, db: { ok: true } } as unknown as FleetEvaluation['hosts'];
  const error = new FleetError({ code: 'evaluation-failed', what: 'no build.vm', host: 'web' });
  const judged = refuseUnrehearsed({ hosts }, [error]);
  assert.deepEqual(judged.hosts.web, { ok: false, error });
  assert.equal(judged.hosts.db, hosts.db);
});
