/** A message of QEMU's monitor, one JSON object per line: a greeting, a response or an event. */
export type QmpMessage =
  | { QMP: { version: { qemu: { major: number; minor: number; micro: number } } } }
  | { return: unknown; id?: number }
  | { error: { class: string; desc: string }; id?: number }
  | { event: string; data?: Record<string, unknown> };

/** Splits a stream into messages, however it is chunked. Skips lines that are not JSON. */
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
