import type * as z from 'zod';

/** Keys whose values may be secrets: of these and all below them, messages name the type only. */
const secretKeys = /pass|secret|token|key|value|environment|stdin/i;

/**
 * The one error map of zod for what users write: says what a value must be and what it is, in words that need no knowledge of
 * zod. A schema's own messages come before it. Values are shown where `showValues` is set and a number, a switch or one of
 * several words is expected: free text, and whatever is under a key that may hold a secret, is named by its type.
 */
export function zodMessages({ showValues = false } = {}): z.core.$ZodErrorMap {
  return (issue) => {
    const path = issue.path ?? [];
    const isShown = showValues && path.length > 0 && !path.some((step) => secretKeys.test(String(step)));
    const actual = isShown ? described(issue.input) : typeName(issue.input);
    const key = String(path.findLast((step) => typeof step !== 'number') ?? '');
    switch (issue.code) {
      case 'invalid_type':
        if (issue.input === undefined) return 'is missing';
        if (issue.expected === 'string')
          return `must be text, not ${typeName(issue.input)}${isScalar(issue.input) ? ': in YAML, put it in quotes' : ''}`;
        return `must be ${wanted(issue.expected, key)}, not ${actual}`;
      case 'invalid_value':
        if (issue.input === undefined) return 'is missing';
        return `must be ${oneOf(issue.values.map(String))}, not ${actual}`;
      case 'too_small':
        return `must ${limit(issue.origin, 'at least', Number(issue.minimum), key, issue.inclusive)}`;
      case 'too_big':
        return `must ${limit(issue.origin, 'at most', Number(issue.maximum), key, issue.inclusive)}`;
      case 'invalid_union': {
        const types = issue.errors.flat().flatMap((inner) => (inner.path.length === 0 ? typeIn(inner) : []));
        if (types.length === 0) return undefined;
        return `must be ${oneOf([...new Set(types)].map((type) => wanted(type, key)))}, not ${actual}`;
      }
      case 'invalid_key': {
        const [first] = issue.issues;
        return first && `cannot have this name: it ${first.message}`;
      }
      case 'invalid_format':
      case 'not_multiple_of':
      case 'unrecognized_keys':
      case 'invalid_element':
      case 'custom':
        // zod's own message does.
        return undefined;
    }
  };
}

function typeIn(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_type') return [issue.expected];
  return issue.code === 'invalid_value' ? issue.values.map(String) : [];
}

/** A type as what a user writes, with the unit that the key's name has. */
function wanted(expected: string, key: string): string {
  const unit = unitOf(key);
  switch (expected) {
    case 'number':
      return unit ? `a number of ${unit}` : 'a number';
    case 'int':
      return unit ? `a whole number of ${unit}` : 'a whole number';
    case 'string':
      return 'text';
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list';
    case 'object':
    case 'record':
      return 'a group of keys';
    default:
      return expected;
  }
}

function unitOf(key: string): string | undefined {
  const unit = /(Seconds|Days|Weeks|MiB|GiB|Percent)$/.exec(key)?.[1];
  return unit?.endsWith('iB') ? unit : unit?.toLowerCase();
}

function limit(origin: string, bound: string, count: number, key: string, inclusive = true): string {
  const isOne = count === 1;
  switch (origin) {
    case 'string':
      return bound === 'at least' && isOne
        ? 'not be empty'
        : `have ${bound} ${count} ${isOne ? 'character' : 'characters'}`;
    case 'array':
    case 'set':
    case 'map':
      return bound === 'at least' && isOne
        ? 'not be empty'
        : `have ${bound} ${count} ${isOne ? 'entry' : 'entries'}`;
    default: {
      const unit = unitOf(key);
      const amount = unit ? `${count} ${isOne ? unit.replace(/s$/, '') : unit}` : String(count);
      return inclusive
        ? `be ${bound} ${amount}`
        : `be ${bound === 'at least' ? 'more' : 'less'} than ${amount}`;
    }
  }
}

function oneOf(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  const last = words.slice(0, -1).some((word) => word.includes(' or ')) ? ', or ' : ' or ';
  return `${words.slice(0, -1).join(', ')}${last}${words.at(-1)}`;
}

function isScalar(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return value === '' ? 'empty text' : 'text';
  if (typeof value === 'number') return 'a number';
  if (typeof value === 'boolean') return 'true or false';
  return 'a group of keys';
}

/** A value that is short enough to be read, else its type. */
function described(value: unknown): string {
  if (isScalar(value)) return String(value);
  return typeof value === 'string' && /^[\p{L}\p{N}\p{P}\p{S} ]{1,40}$/u.test(value)
    ? `the text '${value}'`
    : typeName(value);
}
