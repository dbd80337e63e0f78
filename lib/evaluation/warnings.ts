import { printable } from '../base/presentable.ts';
import type { RawFacts } from './raw-facts.ts';

/** Collects the warnings that an evaluation prints (`lib.warn`), of one line or several. */
export class EvaluationWarnings {
  readonly #found: string[][] = [];
  #open = false;

  /** Whether a line of nix's stderr belongs to a warning. */
  line(raw: string): boolean {
    const line = printable(raw);
    const begin = /^(?:trace: )?(?:evaluation )?warning: (.*)$/s.exec(line)?.[1];
    if (begin !== undefined && /^(?:trace: |evaluation )/.test(line)) {
      this.#found.push([begin]);
      this.#open = true;
      return true;
    }
    if (this.#open && /^(?:trace|warning|error|evaluation warning|\s*…|\s*at )/.test(line)) this.end();
    if (this.#open) this.#found.at(-1)?.push(line);
    return this.#open;
  }

  /** The next line belongs to no warning. */
  end(): void {
    this.#open = false;
  }

  /** The warnings since the last call. */
  take(): string[] {
    this.end();
    return this.#found.splice(0).map((lines) => lines.join('\n').trimEnd());
  }
}

/** Facts with warnings of their evaluation; NixOS prints those of the option `warnings`, too. */
export function withWarnings(facts: RawFacts, printed: readonly string[]): RawFacts {
  // Failed assertions come alone.
  if (!facts.toplevel) return facts;
  const known = new Set(facts.warnings.map((warning) => warning.trim()));
  const others = printed.filter((warning) => !known.has(warning.trim()));
  return { ...facts, warnings: [...facts.warnings, ...new Set(others)] };
}
