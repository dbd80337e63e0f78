import { stackConfig } from '../../../schema/config.ts';

/** A host's settings as they are written into the stack's config. */
export type HostDraft = Record<string, unknown>;

/** What another tool's flake says, as far as the stack's config can say it. */
export interface Converted {
  hosts: Record<string, HostDraft>;
  /** Values that are encrypted into the config: path below `hosts` to value. */
  values: { path: string[]; value: string }[];
  /** What could not be taken over, each with its reason; without a host for what concerns all. */
  left: LeftOut[];
}

interface LeftOut {
  host?: string;
  what: string;
}

/** A host's draft with what could not be taken over into it. */
export class Draft {
  readonly settings: HostDraft = {};
  readonly left: string[] = [];

  /** Sets what is neither undefined nor null. */
  set(key: string, value: unknown): void {
    if (value !== undefined && value !== null) this.settings[key] = value;
  }

  leave(what: string): void {
    this.left.push(what);
  }
}

/**
 * The drafts that fit the config's schema. Of a draft that does not, the settings that are refused are left out; a host whose name is
 * refused is left out itself.
 */
export function fitting(drafts: Readonly<Record<string, Draft>>): Pick<Converted, 'hosts' | 'left'> {
  const hosts: Converted['hosts'] = {};
  const left: LeftOut[] = [];
  for (const [host, draft] of Object.entries(drafts)) {
    const { settings, refused, unfit } = fit(host, draft.settings);
    if (!unfit) hosts[host] = settings;
    left.push(...[...draft.left, ...refused].map((what) => ({ host, what })));
  }
  return { hosts, left };
}

function fit(host: string, given: HostDraft): { settings: HostDraft; refused: string[]; unfit: boolean } {
  const parsed = stackConfig.safeParse({ hosts: { [host]: given } });
  if (parsed.success) return { settings: given, refused: [], unfit: false };
  const keys = new Map<string, string>();
  for (const issue of parsed.error.issues) {
    const [, , key] = issue.path;
    const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? '') : issue.message;
    if (key === undefined)
      return { settings: given, refused: [`the whole host: its name ${message}`], unfit: true };
    keys.set(String(key), message);
  }
  const refused = [...keys].map(([key, message]) => `${key} ${JSON.stringify(given[key])}: ${message}`);
  const settings = Object.fromEntries(Object.entries(given).filter(([key]) => !keys.has(key)));
  return { settings, refused, unfit: false };
}
