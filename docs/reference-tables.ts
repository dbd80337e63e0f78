/** Tables of settings in docs/reference.md, from zod schemas. */
import * as z from 'zod';
import { namingDefault } from '../schema/without-defaults.ts';

/** A part of the reference that describes settings which several places have. */
export interface Section {
  title: string;
  schema: z.ZodObject;
  /** Those that describe some of its settings. */
  inherits?: readonly Section[];
}

interface Property {
  type?: string;
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Property[];
  items?: Property;
  properties?: Record<string, Property>;
  additionalProperties?: Property | boolean;
  minimum?: number;
  maximum?: number;
  required?: string[];
}

/**
 * The settings of a schema. Those that a section describes are named by it: a whole object by a link, and of the settings
 * themselves all that mean the same as in one of `inherits`.
 */
export function settings(
  schema: z.ZodType,
  sections: readonly Section[],
  inherits: readonly Section[] = [],
): string {
  const { properties = {}, required = [] } = jsonOf(schema);
  const rest = new Map(Object.entries(properties));
  const shared = inherits.map(({ title, schema: theirs, inherits: further = [] }) => {
    const described = Object.entries(jsonOf(theirs).properties ?? {});
    for (const [name, property] of described) if (meansTheSame(rest.get(name), property)) rest.delete(name);
    const elsewhere = further.flatMap((each) => Object.keys(each.schema.shape));
    const names = described.map(([name]) => name).filter((name) => !elsewhere.includes(name));
    const without = names.filter((name) => !(name in properties));
    return `${link(title)}${without.length > 0 ? ` (without ${list(without.map(code))})` : ''}`;
  });
  const rows = [...rest].flatMap(([name, property]) =>
    rowsOf(name, property, sections).map(({ path, type, fallback, meaning }) =>
      row(path, type, path === code(name) && required.includes(name) ? 'required' : fallback, meaning),
    ),
  );
  const table = ['| key | type | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
  if (shared.length === 0) return table;
  return rows.length > 0
    ? `All settings of ${list(shared)}, and:\n\n${table}`
    : `All settings of ${list(shared)}.`;
}

/** What is read of something: nothing of it can be set. */
export function outputs(schema: z.ZodType, sections: readonly Section[]): string {
  const rows = Object.entries(jsonOf(schema).properties ?? {}).flatMap(([name, property]) =>
    rowsOf(name, property, sections).map(({ path, type, meaning }) => row(path, type, meaning)),
  );
  return ['| key | type | meaning |', '|---|---|---|', ...rows].join('\n');
}

/** A link to a section. */
export function link(title: string): string {
  const anchor = title
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
  return `[${title}](#${anchor})`;
}

/** Text in which `<name>` outside of code is no HTML, which code hosts would drop. */
const withoutTags = (text: string) =>
  text.replace(/`[^`]*`|<(?!br>)/g, (match) => (match === '<' ? '\\<' : match));

/** One line of a table. */
export function row(...cells: string[]): string {
  const escaped = cells.map((cell) => withoutTags(cell).replaceAll('|', '\\|').replaceAll('\n', ' '));
  return `| ${escaped.join(' | ')} |`;
}

function jsonOf(schema: z.ZodType): Property {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Property;
}

/** Whether a setting is the shared one, or that without its default. */
function meansTheSame(own: Property | undefined, shared: Property): boolean {
  const { description = '' } = shared;
  return (
    own !== undefined &&
    [description, namingDefault(description, shared.default)].includes(own.description ?? '')
  );
}

interface Row {
  path: string;
  type: string;
  fallback: string;
  meaning: string;
}

/** One row a setting, nested ones by their path. */
function rowsOf(path: string, property: Property, sections: readonly Section[]): Row[] {
  const { default: fallback, description = '', properties = {}, additionalProperties: values } = property;
  const own: Row = {
    path: code(path),
    type: typeName(property, sections),
    fallback: fallback === undefined || isEmpty(fallback) ? '' : code(JSON.stringify(fallback)),
    meaning: description.replace(/\bdocs\/([\w-]+\.md)/g, '[$1]($1)'),
  };
  if (sectionOf(property, sections)) return [own];
  const members = typeof values === 'object' && !sectionOf(values, sections) ? (values.properties ?? {}) : {};
  return [
    own,
    ...Object.entries(properties).flatMap(([name, child]) => rowsOf(`${path}.${name}`, child, sections)),
    ...Object.entries(members).flatMap(([name, child]) => rowsOf(`${path}.<name>.${name}`, child, sections)),
  ];
}

/** The section that describes an object, known by its settings. */
function sectionOf({ properties }: Property, sections: readonly Section[]): Section | undefined {
  if (!properties) return undefined;
  const names = (of: object) => Object.keys(of).sort().join();
  return sections.find(({ schema }) => names(schema.shape) === names(properties));
}

function typeName(property: Property, sections: readonly Section[]): string {
  const { type, anyOf, items, additionalProperties: values, minimum, maximum } = property;
  const section = sectionOf(property, sections);
  const members = property.enum ?? (property.const === undefined ? [] : [property.const]);
  if (section) return link(section.title);
  if (members.length > 0)
    return list(
      members.map((member) => code(String(member))),
      'or',
    );
  if (anyOf) return anyOf.map((each) => typeName(each, sections)).join(' or ');
  if (type === 'array') return `list of ${items ? typeName(items, sections) : 'values'}`;
  if (type === 'object' && typeof values === 'object') return `map of ${typeName(values, sections)}`;
  const range = type === 'integer' && maximum !== undefined && maximum < 1e6 ? `, ${minimum}–${maximum}` : '';
  return `${type ?? 'any'}${range}`;
}

function list(parts: readonly string[], word = 'and'): string {
  const [last = '', ...others] = parts.toReversed();
  return others.length > 0 ? `${others.toReversed().join(', ')} ${word} ${last}` : last;
}

function code(text: string): string {
  return `\`${text}\``;
}

function isEmpty(value: unknown): boolean {
  return value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}
