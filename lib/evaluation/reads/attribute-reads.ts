/** What an evaluator's messages report, in order. */
export type Message =
  /** The evaluation of the flake begins; the inputs are locked. */
  | { kind: 'started' }
  | { kind: 'end'; host: string }
  | { kind: 'read'; path: string }
  /** An attribute of the flake's source, such as `rev`. */
  | { kind: 'use'; name: string }
  | { kind: 'derivation'; drvPath: string };

/** What the file events report, in order: a file that was opened, or that a host has ended. */
export type Opened = { path: string } | 'pulse';

/** What a host read at most. */
export interface HostReads {
  /** Path to whether this host read it first: then it is certain, otherwise an earlier host of the same process may have been the only one. */
  files: Map<string, boolean>;
  uses: Set<string>;
  /** Derivations that were instantiated until the end of this host. */
  derivations: Set<string>;
}

/**
 * What each host of one evaluator read, at most. A value is evaluated once, by the first host that needs it: so what was read belongs
 * to that host, and to all hosts after it. Where the events do not show the end of each host, they belong to every host.
 */
export function attributeReads(
  messages: readonly Message[],
  opened: readonly Opened[],
): Map<string, HostReads> {
  const hosts = messages.flatMap((message) => (message.kind === 'end' ? [message.host] : []));
  const segments = openedByHost(opened, hosts.length);
  const reads = new Map<string, HostReads>();
  const all: HostReads = { files: new Map(), uses: new Set(), derivations: new Set() };
  let begun = 0;
  for (const message of messages) {
    switch (message.kind) {
      case 'started':
        break;
      case 'read':
        if (!all.files.has(message.path)) all.files.set(message.path, true);
        break;
      case 'use':
        all.uses.add(message.name);
        break;
      case 'derivation':
        all.derivations.add(message.drvPath);
        break;
      case 'end': {
        for (const path of segments[begun] ?? []) if (!all.files.has(path)) all.files.set(path, true);
        begun++;
        reads.set(message.host, {
          files: new Map(all.files),
          uses: new Set(all.uses),
          derivations: new Set(all.derivations),
        });
        for (const path of all.files.keys()) all.files.set(path, false);
        break;
      }
      default:
        message satisfies never;
    }
  }
  return reads;
}

/** Paths that were opened until each host's end and after the one before. The first pulse is the begin. */
function openedByHost(opened: readonly Opened[], hosts: number): string[][] {
  const segments: string[][] = [[]];
  for (const event of opened) {
    if (event === 'pulse') segments.push([]);
    else segments.at(-1)?.push(event.path);
  }
  // Another evaluation of the same time has the same pulses, or one was lost.
  if (segments.length !== hosts + 2) return Array.from({ length: hosts }, () => segments.flat());
  // What was opened before the begin belongs to locking: there Nix may copy the whole tree.
  return segments.slice(1, -1);
}
