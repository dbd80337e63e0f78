import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RawFacts } from '../../../../lib/evaluation/raw-facts.ts';
import { EvaluationWarnings, withWarnings } from '../../../../lib/evaluation/warnings.ts';

test('warnings of an evaluation are collected, of any nixpkgs, with all their lines (fault 78)', () => {
  const warnings = new EvaluationWarnings();
  const isOne = (line: string) => warnings.line(line);
  assert.equal(isOne('\x1b[35;1mevaluation warning:\x1b[0m x is renamed'), true);
  assert.equal(isOne('  use y instead'), true);
  assert.equal(isOne('trace: \x1b[1;31mwarning: old form\x1b[0m'), true);
  assert.equal(isOne('trace: what somebody prints'), false);
  assert.equal(isOne("warning: Git tree '/x' is dirty"), false);
  assert.deepEqual(warnings.take(), ['x is renamed\n  use y instead', 'old form']);
  assert.deepEqual(warnings.take(), []);
});

test('a warning of the option warnings is not repeated', () => {
  const facts = { toplevel: { drvPath: 'd', out: 'o' }, warnings: ['a'] } as RawFacts;
  const shown = withWarnings(facts, ['a\n', 'b', 'b']);
  assert.deepEqual('warnings' in shown && shown.warnings, ['a', 'b']);
});
