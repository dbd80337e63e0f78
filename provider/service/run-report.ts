import { hasCode } from '../../lib/base/errors.ts';
import { parseUrn } from '../../lib/base/urn.ts';
import { type Quiet, RolloutRun } from '../rollout/rollout-run.ts';
import type { Secrets } from '../wire/secrets.ts';
import type { EngineLog } from './engine-log.ts';
import { heldMessage } from './operations.ts';
import { RepeatedNotes } from './repeated-notes.ts';
import { shortReason, Tally } from './tally.ts';

const deploymentType = 'nixos:index:Deployment';

/** What a run shows of its resources together: repeated notes once, failures while others run, and a closing line. */
export class RunReport {
  readonly #engine: () => EngineLog | undefined;
  readonly #tally = new Tally();
  readonly #notes = new RepeatedNotes();
  readonly rollout: RolloutRun;

  constructor(engine: () => EngineLog | undefined, quiet: Quiet) {
    this.#engine = engine;
    this.rollout = new RolloutRun(quiet);
  }

  note(urn: string, text: string): void {
    this.#engine()?.log(urn, 'info', this.#notes.shorten(parseUrn(urn).name, text));
  }

  /** A resource is as desired without a change. */
  unchanged(urn: string, state: object): void {
    const { type, name } = parseUrn(urn);
    if (type === deploymentType) this.rollout.ended(name, { kind: 'deployed', since: sinceOf(state) });
  }

  succeeded(urn: string, { state }: { state: object }): void {
    const { type, name } = parseUrn(urn);
    if (type !== deploymentType) return;
    this.#tally.deployed(name);
    this.rollout.ended(name, { kind: 'deployed', since: sinceOf(state) });
  }

  /** Returns the machine concerned. */
  failed(urn: string, error: unknown): string {
    const { type, name } = parseUrn(urn);
    if (type === 'nixos:index:Wave') {
      this.#tally.stopped(name, error);
      return name;
    }
    if (type === 'nixos:index:Delivery') this.#tally.undelivered(this.rollout.waitingFor(name));
    const host = this.#tally.failed(name, error);
    if (!hasCode(error, 'wave-stopped'))
      this.rollout.ended(host, { kind: 'failed', why: shortReason(error) });
    return host;
  }

  /** A failure is reported when the other machines are done: this is a line before. */
  held(urn: string, error: unknown, secrets: Secrets): void {
    this.#engine()?.log(urn, 'warning', heldMessage(error, secrets));
  }

  /** The machines are done; failures are about to be reported. */
  close(): void {
    const line = this.#tally.close(this.rollout);
    // Without a resource it stands beside the stack.
    if (line !== undefined) this.#engine()?.log('', 'error', line);
  }
}

/** When the live system of a deployment's state was activated. */
function sinceOf(state: object): string {
  const { live } = state as { live?: { since?: unknown } };
  return typeof live?.since === 'string' ? live.since : '';
}
