/** The parts of `urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`; a name may hold '::' too. */
export interface UrnParts {
  stack: string;
  project: string;
  type: string;
  name: string;
}

export function parseUrn(urn: string): UrnParts {
  const [stack = '', project = '', types = '', ...name] = urn.replace(/^urn:pulumi:/, '').split('::');
  return { stack, project, type: types.split('$').at(-1) ?? '', name: name.join('::') };
}

/** The URN of a resource without a parent. */
export function formatUrn({ stack, project, type, name }: UrnParts): string {
  return `urn:pulumi:${stack}::${project}::${type}::${name}`;
}
