import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { evaluate, inMemory, nixFolder, nixpkgs, report, skip } from './nixpkgs.ts';

interface Outcome {
  failed: string[];
  warnings: string[];
  toplevel: string;
  vm: string;
  image: string;
}
interface Outcomes {
  off: Outcome;
  on: Record<string, Outcome>;
  failing: Record<string, { message: string; outcome: Outcome }>;
}

const topics = readdirSync(join(nixFolder, 'modules'))
  .filter((file) => file.endsWith('.nix') && !['default.nix', 'examples.nix'].includes(file))
  .map((file) => file.slice(0, -4));

// Some copies of nixpkgs lack the largest generated files.
const hackage = join(nixpkgs ?? '', 'pkgs/development/haskell-modules/hackage-packages.nix');

// Number of assertions that need another nixpkgs to fail: boot-assessment refuses one without boot counting.
const needOtherNixpkgs: Record<string, number> = { 'boot-assessment': 1 };

// Each module has a file of cases here or an entry in nix/modules/examples.nix: configurations that enable it, and one that
// fails each of its assertions.
describe('modules of the operator’s flake, on and off', { skip }, () => {
  for (const topic of topics) {
    test(topic, async (context) => {
      if (topic === 'firmware' && !existsSync(hackage)) {
        return context.skip(`this nixpkgs lacks ${hackage}, which fwupd's build needs`);
      }
      const cases = join(import.meta.dirname, 'cases', `${topic}.nix`);
      const measured = await evaluate<Outcomes>(
        'nixosConfigurations',
        `(import ${join(import.meta.dirname, 'evaluate.nix')}) { topic = "${topic}"; cases = ${cases}; examples = ${nixFolder}/modules/examples.nix; }`,
        inMemory,
      );
      const { off, on, failing } = measured.value;
      report(`${topic}: ${Object.keys(on).length} on, ${Object.keys(failing).length} failing`, measured);
      assert.deepEqual(off.failed, []);
      assert.ok(Object.keys(on).length > 0, 'no case enables the module');
      for (const [name, outcome] of Object.entries(on)) {
        assert.deepEqual(outcome.failed, [], name);
        assert.deepEqual(outcome.warnings, [], name);
        assert.ok(
          outcome.toplevel !== off.toplevel || outcome.vm !== off.vm || outcome.image !== off.image,
          `${name} changes nothing`,
        );
      }
      for (const [name, { message, outcome }] of Object.entries(failing)) {
        assert.ok(
          outcome.failed.some((failure) => failure.replace(/\s+/g, ' ').includes(message)),
          `${name}: expected '${message}', got ${JSON.stringify(outcome.failed)}`,
        );
      }
      const assertions =
        readFileSync(join(nixFolder, 'modules', `${topic}.nix`), 'utf8').match(/\bassertion = /g) ?? [];
      const refused = new Set(Object.values(failing).map(({ message }) => message));
      assert.ok(
        refused.size >= assertions.length - (needOtherNixpkgs[topic] ?? 0),
        `${assertions.length} assertions, but ${refused.size} messages are tried`,
      );
    });
  }
});
