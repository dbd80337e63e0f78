import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePlan, describeRefusal } from '../../../../../lib/machine/hardware/describe-plan.ts';
import { type Plan, type PlanInput, planWrite } from '../../../../../lib/machine/hardware/plan-write.ts';

const one = '# made by 1\n{ a = 1; }\n';
const again = '# made by 2\n{ a = 1; }\n';
const other = '# made by 2\n{ a = 2; }\n';
const byHand = '# made by 1\n{ a = 1; b = 3; }\n';

const plan = (input: Partial<PlanInput>) =>
  planWrite({
    generator: 'nixos-generate-config',
    onHandEdit: 'fail',
    onDisk: undefined,
    written: undefined,
    detected: undefined,
    ...input,
  });
const kept = ({ action, content }: Plan) => ({ action, content });

test('a missing file is written, also from the text written last', () => {
  assert.deepEqual(plan({ detected: one }), {
    content: one,
    action: 'write',
    lines: ['+ { a = 1; }'],
  });
  assert.deepEqual(kept(plan({ written: one })), { content: one, action: 'write' });
  assert.deepEqual(kept(plan({})), { content: undefined, action: 'nothing' });
});

test('unchanged hardware changes nothing, and keeps the text written last', () => {
  assert.deepEqual(kept(plan({ onDisk: one, written: one, detected: again })), {
    content: one,
    action: 'nothing',
  });
  assert.deepEqual(kept(plan({ onDisk: one, written: one })), { content: one, action: 'nothing' });
});

test('changed hardware is written, with its diff', () => {
  const { lines, ...rest } = plan({ onDisk: one, written: one, detected: other });
  assert.deepEqual(rest, { content: other, action: 'write' });
  assert.deepEqual(lines, ['- { a = 1; }', '+ { a = 2; }']);
});

test('a hand edit is refused, overwritten or kept by onHandEdit, whether or not the hardware changed', () => {
  for (const detected of [one, other]) {
    for (const [onHandEdit, action] of [
      ['fail', 'refuse'],
      ['overwrite', 'overwrite'],
      ['keep', 'keep'],
    ] as const) {
      const known = { onDisk: byHand, written: one, detected, onHandEdit };
      assert.deepEqual(kept(plan(known)), { action, content: detected });
    }
  }
});

test('a file that this stack did not write is refused, unless it describes the same hardware', () => {
  assert.equal(plan({ onDisk: byHand, detected: one }).action, 'refuse');
  assert.equal(plan({ onDisk: again, detected: one }).action, 'leave');
  assert.equal(plan({ onDisk: again, written: one, detected: other }).action, 'refuse', 'its comments count');
});

test('without detected hardware, a hand edit is left', () => {
  for (const onHandEdit of ['fail', 'overwrite', 'keep'] as const)
    assert.equal(plan({ onDisk: byHand, written: one, onHandEdit }).action, 'leave');
});

test('a plan is described with its diff, cut if it is long', () => {
  const described = (input: Partial<PlanInput>) => describePlan(plan(input), 'web', 'hosts/web.nix') ?? '';
  assert.match(
    described({ detected: one }),
    /^the hardware of web is written to hosts\/web\.nix:\n {2}\+ \{ a = 1; \}\n/,
  );
  const changed = described({ onDisk: one, written: one, detected: other });
  assert.match(
    changed,
    /differs from hosts\/web\.nix, which is updated:\n {2}- \{ a = 1; \}\n {2}\+ \{ a = 2; \}\n/,
  );
  assert.match(changed, /the next `pulumi up` uses the new one/);
  const edited = { onDisk: byHand, written: one, detected: one };
  assert.match(
    described({ ...edited, onHandEdit: 'overwrite' }),
    /is overwritten[\s\S]*- \{ a = 1; b = 3; \}/,
  );
  assert.doesNotMatch(described({ ...edited, onHandEdit: 'keep' }), /uses the new one/);
  assert.equal(described({ onDisk: one, written: one, detected: again }), '');
  const long = `{\n${Array.from({ length: 90 }, (_, n) => `  a${n} = 1;`).join('\n')}\n}\n`;
  assert.match(described({ detected: long }), /a58 = 1;\n {2}… and 32 more lines\n/);
  assert.match(
    describeRefusal(plan(edited), 'web', 'hosts/web.nix'),
    /b = 3[\s\S]*onHandEdit to overwrite or keep/,
  );
});
