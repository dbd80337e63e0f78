/**
 * Writes the table of faults in docs/reliability.md: `npm run reference`. docs/faults.json says what a user saw before and sees
 * now; the tests that show a fault are those whose titles end with its number, "(fault 3)" or "(faults 3, 4)".
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { row } from './reference-tables.ts';

const project = join(import.meta.dirname, '..');
const page = join(import.meta.dirname, 'reliability.md');
const [begin, end] = ['<!-- faults: begin -->', '<!-- faults: end -->'];

const fixed = z.strictObject({ before: z.string(), after: z.string() });
/** Not a fault, after all, and why. */
const mistaken = z.strictObject({ wrong: z.string() });
const faultList = z.record(z.string().regex(/^\d+$/), z.union([fixed, mistaken]));

/** Where a fault is shown. */
export interface ShownBy {
  /** Path below the project. */
  file: string;
  title: string;
}

/** The tests that show faults, by the fault's number, from the texts of test files. */
export function testsOfFaults(texts: Readonly<Record<string, string>>): Map<string, ShownBy[]> {
  const found = new Map<string, ShownBy[]>();
  for (const [file, text] of Object.entries(texts)) {
    for (const [, , title = '', numbers = ''] of text.matchAll(
      /(['"`])((?:(?!\1)[^\n])*?) \(faults? ([\d, ]+)\)\1/g,
    )) {
      for (const number of numbers.split(/, */)) {
        found.set(number, [...(found.get(number) ?? []), { file, title }]);
      }
    }
  }
  return found;
}

/** The table, and what it lacks: faults without a test, and tests of faults that are not listed. */
export function faultTable(list: unknown, tests: ReadonlyMap<string, ShownBy[]>) {
  const faults = faultList.parse(list);
  const lacking = [
    ...Object.entries(faults).flatMap(([number, fault]) =>
      'wrong' in fault || tests.has(number) ? [] : [`fault ${number} has no test`],
    ),
    ...[...tests.keys()]
      .filter((number) => !(number in faults))
      .map((number) => `fault ${number} is not listed`),
  ];
  const rows = Object.entries(faults)
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([number, fault]) =>
      'wrong' in fault
        ? row(number, 'Reported, and not so.', fault.wrong, (tests.get(number) ?? []).map(shown).join('<br>'))
        : row(number, fault.before, fault.after, (tests.get(number) ?? []).map(shown).join('<br>')),
    );
  return { text: ['| Fault | Before | Now | Shown by |', '|---|---|---|---|', ...rows].join('\n'), lacking };
}

function shown({ file, title }: ShownBy): string {
  return `[${file.replace(/^tests\//, '')}](../${file}): ${title}`;
}

/** docs/reliability.md with the table of now, and what the table lacks. */
export function reliabilityPage(): { text: string; lacking: string[] } {
  const files = globSync('tests/**/*.test.ts', { cwd: project }).toSorted();
  const texts = Object.fromEntries(files.map((file) => [file, readFileSync(join(project, file), 'utf8')]));
  const list: unknown = JSON.parse(readFileSync(join(import.meta.dirname, 'faults.json'), 'utf8'));
  const { text, lacking } = faultTable(list, testsOfFaults(texts));
  const [before, rest = ''] = readFileSync(page, 'utf8').split(begin);
  return { text: `${before}${begin}\n${text}\n${end}${rest.split(end)[1] ?? ''}`, lacking };
}

if (import.meta.main) {
  const { text, lacking } = reliabilityPage();
  for (const line of lacking) process.stderr.write(`${line}\n`);
  writeFileSync(page, text);
}
