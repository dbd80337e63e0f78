import { parseUrn } from '../../lib/base/urn.ts';
import type { Secrets } from '../wire/secrets.ts';
import type { EngineLog } from './engine-log.ts';
import { heldMessage } from './operations.ts';
import { RepeatedNotes } from './repeated-notes.ts';
import { Tally } from './tally.ts';

/** What a run shows of its resources together: repeated notes once, failures while others run, and a closing line. */
export class RunReport {
  readonly #engine: () => EngineLog | undefined;
  readonly #tally = new Tally();
  readonly #notes = new RepeatedNotes();

  constructor(engine: () => EngineLog | undefined) {
    this.#engine = engine;
  }

  note(urn: string, text: string): void {
    this.#engine()?.log(urn, 'info', this.#notes.shorten(parseUrn(urn).name, text));
  }

  succeeded(urn: string): void {
    const { type, name } = parseUrn(urn);
    if (type === 'nixos:index:Deployment') this.#tally.deployed(name);
  }

  /** Returns the machine concerned. */
  failed(urn: string, error: unknown): string {
    return this.#tally.failed(parseUrn(urn).name, error);
  }

  /** A failure is reported when the other machines are done: this is a line before. */
  held(urn: string, error: unknown, secrets: Secrets): void {
    this.#engine()?.log(urn, 'warning', heldMessage(error, secrets));
  }

  /** The machines are done; failures are about to be reported. */
  close(): void {
    const line = this.#tally.close();
    // Without a resource it stands beside the stack.
    if (line !== undefined) this.#engine()?.log('', 'error', line);
  }
}
