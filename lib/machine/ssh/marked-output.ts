/** One stream of a command on a machine, line by line: what remote-command.sh has between its marks. */
export class MarkedOutput {
  /** What came before the command's own output: of a login shell, of ssh and sudo. */
  before = '';
  begun = false;
  exitCode: number | undefined;
  readonly #mark: string;
  readonly #onLine: (line: string) => void;
  #holdsEmpty = false;

  constructor(mark: string, onLine: (line: string) => void) {
    this.#mark = mark;
    this.#onLine = onLine;
  }

  push(line: string): void {
    if (this.exitCode !== undefined) return;
    if (!this.begun) {
      this.begun = line === `${this.#mark} begins`;
      if (!this.begun && this.before.length < longestBefore) this.before += `${line}\n`;
      return;
    }
    const [, code] = line.startsWith(`${this.#mark} `) ? (/ ends (\d+)$/.exec(line) ?? []) : [];
    if (code !== undefined) {
      // The mark ends a line first: an output that ended its own one leaves an empty one.
      this.exitCode = Number(code);
      return;
    }
    if (this.#holdsEmpty) this.#onLine('');
    this.#holdsEmpty = line === '';
    if (line !== '') this.#onLine(line);
  }
}

const longestBefore = 1 << 16;
