import type { Happening } from '../../schema/run-event.ts';
import type { Item } from './equal-lines.ts';

type Planned = Extract<Happening, { event: 'machine-planned' }>;

const operations: Readonly<Record<Planned['operation'], string>> = {
  same: '',
  create: 'new',
  update: '',
  replace: 'replaced by another machine',
  delete: 'removed from the stack',
  import: 'adopted',
};

/** Longest fact that is shown with its values. */
const longestFact = 60;

/** The same with the changed lines of texts and all that is known of packages. */
export function wholeItems({ operation, consequences, changes, closure }: Planned): Item[] {
  const facts: string[] = [];
  for (const line of changes) {
    if (/^\s/.test(line) && facts.length > 0) facts[facts.length - 1] += `\n  ${line}`;
    else facts.push(line);
  }
  const all = [operations[operation], ...consequences, ...facts, ...closure].filter(Boolean);
  return all.map((text) => ({ kind: 'fact', list: '', text }));
}

/** The lines of a plan about a machine. */
export function machineItems({ operation, consequences, changes, closure }: Planned): Item[] {
  const packages = closure.filter((line) => /^[~+-] /.test(line)).map(shortPackage);
  const known = new Set(packages.map((text) => text.replace(/^[+-] /, '').split(' ')[0]));
  const facts = changes.filter((line) => /^[~+-] /.test(line));
  const isPackage = (line: string) => /^. packages\b/.test(line);
  const others = facts.filter(isPackage).filter((line) => !known.has(packageName(line)));
  const item = (kind: Item['kind'], list: string, text: string): Item => ({ kind, list, text });
  return [
    ...(operations[operation] ? [item('operation', '', operations[operation])] : []),
    ...consequences.flatMap(consequenceItems),
    ...[...packages, ...others.map(shortFact)].map((text) => item('package', 'packages', text)),
    ...facts.filter((line) => !isPackage(line)).map((line) => item('fact', 'facts', shortFact(line))),
  ];
}

/** `the switch restarts a, b; reloads c` in its parts. */
function consequenceItems(text: string): Item[] {
  const verbs = 'restarts|reloads|stops|starts|does not restart';
  const [, who, what] = new RegExp(`^(.*?\\bthe switch )(?:also )?((?:${verbs}) .*)$`).exec(text) ?? [];
  const whole: Item = { kind: 'consequence', list: '', text };
  if (who === undefined || what === undefined) return [whole];
  return what.split('; ').flatMap((clause) => {
    const [, verb, units] = new RegExp(`^(${verbs}) (.*)$`).exec(clause) ?? [];
    if (verb === undefined || units === undefined) return [whole];
    // The names of a list that is cut are not all there are.
    const names = / and \d+ more$/.test(units) ? [units] : units.split(', ');
    return names.map((name) => ({ kind: 'consequence' as const, list: `${who}${verb}`, text: name }));
  });
}

/** `~ openssl: 3.5.1 → 3.5.2, in 41 packages` without where it is used. */
function shortPackage(line: string): string {
  const text = line.replace(/, in \d+ packages?/, '').replace(/, probably$/, ' (probably)');
  return text.startsWith('~ ') ? text.slice(2).replace(': ', ' ') : text;
}

/** `~ packages.openssl: …` or `~ packages["x.y"]: …`. */
function packageName(line: string): string | undefined {
  const [, plain, quoted] = /^. packages(?:\.([^:.[]+)|\["([^"]+)"\])/.exec(line) ?? [];
  return plain ?? quoted;
}

function shortFact(line: string): string {
  const [, sign = '', path = '', value = ''] = /^([~+-]) ([^:]+)(: .*)?$/s.exec(line) ?? [];
  if (path === '') return line;
  const shown = value !== ': text differs' && value.length <= longestFact ? value.replace(' => ', ' → ') : '';
  return `${sign === '~' ? '' : `${sign} `}${path}${shown}`;
}
