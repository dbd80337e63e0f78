/** The part of a terminal's stream that is used. */
export type Terminal = Pick<NodeJS.WriteStream, 'write'> & { columns?: number; rows?: number };

/** Lines at the bottom of a terminal that are drawn again and again, below those that stay. */
export class Region {
  readonly #terminal: Terminal;
  #shown: readonly string[] = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  get width(): number {
    return this.#terminal.columns || 80;
  }

  get height(): number {
    return this.#terminal.rows || 24;
  }

  /** Prints lines that stay. */
  print(lines: readonly string[]): void {
    if (lines.length > 0) this.#write(lines, this.#shown);
  }

  /** Replaces the lines at the bottom. @param paint colours a line that was cut to the width */
  draw(lines: readonly string[], paint = (line: string) => line): void {
    // A region as high as the terminal could not be erased.
    const fitting = lines.slice(0, Math.max(1, this.height - 2)).map((line) => paint(cut(line, this.width)));
    if (fitting.join('\n') !== this.#shown.join('\n')) this.#write([], fitting);
  }

  #write(stay: readonly string[], next: readonly string[]): void {
    const erased = this.#shown.length > 0 ? `\x1b[${this.#shown.length}A\r\x1b[J` : '';
    // Without wrapping, a line is one row, whatever its characters are.
    const drawn = next.length > 0 ? `\x1b[?7l${next.map((line) => `${line}\n`).join('')}\x1b[?7h` : '';
    this.#terminal.write(`${erased}${stay.map((line) => `${line}\n`).join('')}${drawn}`);
    this.#shown = next;
  }
}

/** Cuts a line without colours. */
function cut(line: string, width: number): string {
  const characters = [...line];
  return characters.length < width ? line : `${characters.slice(0, width - 2).join('')}…`;
}
