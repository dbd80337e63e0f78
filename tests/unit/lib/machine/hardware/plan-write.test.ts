import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePlan, describeRefusal } from '../../../../../lib/machine/hardware/describe-plan.ts';
import { type Known, type Plan, planWrite } from '../../../../../lib/machine/hardware/plan-write.ts';

const one = '# made by 1\n{ a = 1; }\n';
const again = '# made by 2\n{ a = 1; }\n';
const other = '# made by 2\n{ a = 2; }\n';
const byHand = '# made by 1\n{ a = 1; b = 3; }\n';

const plan = (known: Partial<Known>) =>
  planWrite({
    generator: 'nixos-generate-config',
    onHandEdit: 'fail',
    onDisk: undefined,
    written: undefined,
    said: undefined,
    ...known,
  });
const kept = ({ action, content }: Plan) => ({ action, content });

test('where there is no file it is written, also from what was said last', () => {
  assert.deepEqual(plan({ said: one }), {
    content: one,
    action: 'write',
    lines: ['+ { a = 1; }'],
  });
  assert.deepEqual(kept(plan({ written: one })), { content: one, action: 'write' });
  assert.deepEqual(kept(plan({})), { content: undefined, action: 'nothing' });
});

test('the same hardware changes nothing, and keeps the text that was written', () => {
  assert.deepEqual(kept(plan({ onDisk: one, written: one, said: again })), {
    content: one,
    action: 'nothing',
  });
  assert.deepEqual(kept(plan({ onDisk: one, written: one })), { content: one, action: 'nothing' });
});

test('other hardware is written, with its lines', () => {
  const { lines, ...rest } = plan({ onDisk: one, written: one, said: other });
  assert.deepEqual(rest, { content: other, action: 'write' });
  assert.deepEqual(lines, ['- { a = 1; }', '+ { a = 2; }']);
});

test('what was edited by hand is refused, overwritten or kept as asked, whether or not the hardware changed', () => {
  for (const said of [one, other]) {
    for (const [onHandEdit, action] of [
      ['fail', 'refuse'],
      ['overwrite', 'overwrite'],
      ['keep', 'keep'],
    ] as const) {
      const known = { onDisk: byHand, written: one, said, onHandEdit };
      assert.deepEqual(kept(plan(known)), { action, content: said });
    }
  }
});

test('a file that was never written is nobody’s to overwrite, unless it says the same', () => {
  assert.equal(plan({ onDisk: byHand, said: one }).action, 'refuse');
  assert.equal(plan({ onDisk: again, said: one }).action, 'leave');
  assert.equal(plan({ onDisk: again, written: one, said: other }).action, 'refuse', 'its comments count');
});

test('where the machine was not asked, nothing of somebody’s is replaced', () => {
  for (const onHandEdit of ['fail', 'overwrite', 'keep'] as const)
    assert.equal(plan({ onDisk: byHand, written: one, onHandEdit }).action, 'leave');
});

test('what is to be done is told with its lines, and long ones are cut', () => {
  const told = (known: Partial<Known>) => describePlan(plan(known), 'web', 'hosts/web.nix') ?? '';
  assert.match(
    told({ said: one }),
    /^what web is made of comes into hosts\/web\.nix:\n {2}\+ \{ a = 1; \}\n/,
  );
  const changed = told({ onDisk: one, written: one, said: other });
  assert.match(changed, /no longer what hosts\/web\.nix says:\n {2}- \{ a = 1; \}\n {2}\+ \{ a = 2; \}\n/);
  assert.match(changed, /the pulumi up after it takes the new one/);
  const edited = { onDisk: byHand, written: one, said: one };
  assert.match(told({ ...edited, onHandEdit: 'overwrite' }), /is overwritten[\s\S]*- \{ a = 1; b = 3; \}/);
  assert.doesNotMatch(told({ ...edited, onHandEdit: 'keep' }), /takes the new one/);
  assert.equal(told({ onDisk: one, written: one, said: again }), '');
  const long = `{\n${Array.from({ length: 90 }, (_, n) => `  a${n} = 1;`).join('\n')}\n}\n`;
  assert.match(told({ said: long }), /a58 = 1;\n {2}… and 32 more lines\n/);
  assert.match(
    describeRefusal(plan(edited), 'web', 'hosts/web.nix'),
    /b = 3[\s\S]*onHandEdit to\noverwrite or keep/,
  );
});
