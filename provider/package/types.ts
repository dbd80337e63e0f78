/** From JSON Schema, as zod makes it, to the types of Pulumi's package schema. */

/** As much of JSON Schema as zod makes. */
export interface JsonSchema {
  type?: string | string[];
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
}

export type PulumiType = Record<string, unknown>;

/** The members of a resource, of a function or of an object type. */
export interface Members {
  properties: Record<string, PulumiType>;
  required: string[];
}

/** The named types of a package. What has the same members, or the same values, is one type. */
export class PackageTypes {
  readonly all: Record<string, PulumiType> = {};
  readonly #package: string;
  /** Names of members that are secret wherever they are. */
  readonly #secret: readonly string[];
  /** Tokens by what they stand for. */
  readonly #tokens = new Map<string, string>();

  constructor(packageName: string, secret: readonly string[]) {
    this.#package = packageName;
    this.#secret = secret;
  }

  /** Names a type before it is used: uses of it take this name. */
  declare(name: string, json: JsonSchema): void {
    this.typeOf(json, name);
  }

  membersOf(json: JsonSchema, name: string): Members {
    const properties = Object.fromEntries(
      Object.entries(json.properties ?? {}).map(([key, member]) => [
        key,
        {
          ...this.typeOf(member, name + capital(key)),
          ...(member.description ? { description: member.description } : {}),
          // Go has no default of what may have several types.
          ...(isScalar(member.default) && !member.anyOf ? { default: member.default } : {}),
          ...(this.#secret.includes(key) ? { secret: true } : {}),
        },
      ]),
    );
    return { properties, required: json.required ?? [] };
  }

  /** The type of a value; an object with members of its own, or one of several texts, becomes a named type. */
  typeOf(json: JsonSchema, name: string): PulumiType {
    const texts = json.enum ?? (json.const === undefined ? [] : [json.const]);
    if (texts.length > 0 && texts.every((text) => typeof text === 'string'))
      return this.#named(name, JSON.stringify(texts), () => enumOf(texts));
    if (json.type === 'object' && json.properties) {
      const { properties, required } = json;
      return this.#named(name, JSON.stringify({ properties, required }), () => ({
        type: 'object',
        ...(json.description ? { description: json.description } : {}),
        ...this.membersOf(json, name),
      }));
    }
    if (json.type === 'object') {
      const values = typeof json.additionalProperties === 'object' ? json.additionalProperties : {};
      return { type: 'object', additionalProperties: this.typeOf(values, singular(name)) };
    }
    if (json.type === 'array') return { type: 'array', items: this.typeOf(json.items ?? {}, singular(name)) };
    if (json.anyOf) return this.#oneOf(json.anyOf, name);
    const type = typeof json.type === 'string' ? json.type : typeof json.const;
    if (type === 'string' || type === 'boolean' || type === 'number' || type === 'integer') return { type };
    return { $ref: 'pulumi.json#/Any' };
  }

  #oneOf(members: readonly JsonSchema[], name: string): PulumiType {
    const types = members.map((member) => this.typeOf(member, name));
    const different = new Map(types.map((type) => [JSON.stringify(type), type]));
    const [only] = different.values();
    return different.size === 1 && only ? only : { oneOf: [...different.values()] };
  }

  #named(name: string, meaning: string, make: () => PulumiType): PulumiType {
    let token = this.#tokens.get(meaning);
    if (token === undefined) {
      token = this.#free(`${this.#package}:index:${name}`);
      this.#tokens.set(meaning, token);
      this.all[token] = make();
    }
    return { $ref: `#/types/${token}` };
  }

  /** Inputs and state of a resource may have different members of one name. */
  #free(token: string): string {
    for (let number = 1; ; number++) {
      const free = number === 1 ? token : `${token}${number}`;
      if (!(free in this.all)) return free;
    }
  }
}

function enumOf(values: readonly string[]): PulumiType {
  return { type: 'string', enum: values.map((value) => ({ name: pascal(value), value })) };
}

/** `dry-activate` → `DryActivate`. */
function pascal(value: string): string {
  return value
    .split(/[^A-Za-z0-9]+/)
    .map(capital)
    .join('');
}

/** The name of one of several: `SecretsFiles` → `SecretsFile`. */
function singular(name: string): string {
  return name.replace(/s$/, '');
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
