import type * as z from 'zod';
import { FleetError, type FleetErrorDetails } from '../../base/errors.ts';
import type { RunResult } from '../../base/process/run.ts';

/**
 * The reply of a script on a machine: lines `key=value`, the last one `end=yes` if the script ran to its end. Values with
 * arbitrary bytes are in base64. Other lines are ignored. If a key is repeated, the first line counts.
 */
export class Reply {
  readonly host: string;
  readonly exitCode: number;
  readonly #lines: readonly (readonly [key: string, value: string])[];
  readonly #printed: string;
  readonly #stderr: string;

  constructor(host: string, { stdout = '', stderr = '', exitCode = 0 }: Partial<RunResult>) {
    this.host = host;
    this.exitCode = exitCode;
    this.#printed = stdout.trim();
    this.#stderr = stderr.trim();
    this.#lines = [...stdout.matchAll(/^([\w-]+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value]);
  }

  /** Whether the script ran to its end. */
  get isWhole(): boolean {
    return this.flag('end');
  }

  has(key: string): boolean {
    return this.#lines.some(([name]) => name === key);
  }

  /** Empty if there is no such line. */
  text(key: string): string {
    return this.list(key)[0] ?? '';
  }

  /** Undefined if the value is not a whole number. */
  number(key: string): number | undefined {
    const text = this.text(key);
    return /^\d+$/.test(text) ? Number(text) : undefined;
  }

  /** Whether the value is `yes`. */
  flag(key: string): boolean {
    return this.text(key) === 'yes';
  }

  /** The values of all lines with this key. */
  list(key: string): string[] {
    return this.#lines.filter(([name]) => name === key).map(([, value]) => value);
  }

  /** A base64 value, decoded; undefined if there is no such line. */
  decoded(key: string): string | undefined {
    return this.has(key) ? Buffer.from(this.text(key), 'base64').toString('utf8') : undefined;
  }

  /** A base64 JSON value, parsed; undefined if it is missing or does not match the schema, as from another version. */
  json<T>(key: string, schema: z.ZodType<T>): T | undefined {
    if (!this.has(key)) return undefined;
    try {
      return schema.parse(JSON.parse(this.decoded(key) ?? ''));
    } catch {
      return undefined;
    }
  }

  /** Why the script failed: its own reason, else its stderr, else which line is missing. */
  why(missing = 'end'): string {
    const reason = this.text('failed') || this.#stderr;
    if (reason) return reason;
    if (this.exitCode !== 0) return `the script exited with code ${this.exitCode}`;
    const printed = this.#printed ? `it printed: ${this.#printed.slice(-500)}` : 'it printed nothing';
    return `its reply lacks the line ${missing}=; ${printed}`;
  }

  /** The error for a reply that lacks the line `missing`. Default: `end`. */
  error(details: Omit<FleetErrorDetails, 'host' | 'why'>, missing?: string): FleetError {
    return new FleetError({ ...details, host: this.host, why: this.why(missing) });
  }
}
