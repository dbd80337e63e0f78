import { type ParsedError, parseErrors } from '../../lib/base/parse-error.ts';
import { parseUrn } from '../../lib/base/urn.ts';
import { isProviderType } from '../../schema/component-types.ts';
import type { Happening, RunError } from '../../schema/run-event.ts';
import type { EngineEvent } from './engine-events.ts';
import { type Owners, resourceOf } from './owners.ts';
import { phaseOf } from './phases.ts';
import type { Waves } from './waves.ts';

export type Diagnostic = Extract<EngineEvent, { kind: 'diagnostic' }>;

/** Turns the messages of a run into what happens to its machines and other resources. */
export class Diagnostics {
  readonly #owners: Owners;
  readonly #waves: Waves;
  readonly #now: () => number;
  /** Resources whose error was reported. */
  readonly #reported = new Set<string>();

  constructor(owners: Owners, waves: Waves, now: () => number) {
    this.#owners = owners;
    this.#waves = waves;
    this.#now = now;
  }

  take({ urn, severity, message, ephemeral }: Diagnostic): Happening[] {
    // An empty status line is the end of the last one.
    if (message === '' && (!ephemeral || this.#owners.of(urn))) return [];
    if (ephemeral) return this.#status(urn, message);
    if (severity === 'error') return this.#errors(urn, message);
    const early = earlyFailure(message);
    if (early) return parseErrors(early).errors.flatMap((error) => this.#error(urn, error));
    const machine = this.#owners.of(urn)?.name;
    const about = machine === undefined && isOurs(urn) ? { resource: resourceOf(urn) } : { machine };
    return [
      { event: 'message', severity: severity === 'warning' ? 'warning' : 'info', text: message, ...about },
    ];
  }

  /** A step has failed: its error came before, as far as Pulumi has one. */
  failed(urn: string): Happening[] {
    return this.#reported.has(urn) ? [] : this.#error(urn, { what: 'failed; Pulumi gives no reason' });
  }

  #status(urn: string, message: string): Happening[] {
    const machine = this.#owners.of(urn);
    if (machine) return machine.phase(phaseOf(message), message, this.#now());
    return [{ event: 'progress', text: message, resource: urn === '' ? undefined : resourceOf(urn) }];
  }

  #errors(urn: string, message: string): Happening[] {
    const { errors, rest } = parseErrors(unwrapped(message));
    this.#reported.add(urn);
    const found = errors.flatMap((error) => this.#error(urn, error));
    return rest === '' || isClosing(rest) ? found : [...found, ...this.#error(urn, { what: rest })];
  }

  #error(urn: string, { host, ...error }: RunError & Pick<ParsedError, 'host'>): Happening[] {
    const machine = this.#owners.of(urn, host);
    if (machine) return machine.failed(error, this.#now());
    const resource = resourceOf(urn);
    if (urn === '' || resource.type === 'pulumi:pulumi:Stack')
      return [{ event: 'run-failed', error: { ...error, host } }];
    if (resource.type === 'nixos:index:Wave') return this.#waves.failed(resource.name, error);
    return [{ event: 'resource-failed', resource, error }];
  }
}

/** Whether a message is about a resource of this package's provider. */
export function isOurs(urn: string): boolean {
  return isProviderType(parseUrn(urn).type);
}

/** Pulumi's frame around errors of a resource that exists. */
function unwrapped(message: string): string {
  return message.replace(/^\d+ errors? occurred:\n/, '').replaceAll(/^\t\* /gm, '');
}

/** What Pulumi and the provider say at the end of a run with failures, each of which was reported. */
function isClosing(text: string): boolean {
  return /^(update|preview|refresh) failed$/.test(text) || /^\d+ machines? deployed; /.test(text);
}

/** The failure that a warning of the provider announces while other machines go on. */
function earlyFailure(message: string): string | undefined {
  return /^(.*) \(other machines go on; .*\)$/.exec(message)?.[1];
}
