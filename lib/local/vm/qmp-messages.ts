/** What QEMU's monitor says, one JSON object a line: a greeting, an answer, an event. */
export type QmpMessage =
  | { QMP: { version: { qemu: { major: number; minor: number; micro: number } } } }
  | { return: unknown; id?: number }
  | { error: { class: string; desc: string }; id?: number }
  | { event: string; data?: Record<string, unknown> };

/** Cuts a stream of bytes into messages, whatever pieces it comes in. Lines that are no JSON are left out. */
export class QmpStream {
  #rest = '';

  push(chunk: string): QmpMessage[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => {
      try {
        return line.trim() ? [JSON.parse(line) as QmpMessage] : [];
      } catch {
        return [];
      }
    });
  }
}
