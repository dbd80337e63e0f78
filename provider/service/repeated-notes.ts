/** Notes of a run: a block of lines that another resource had already is named by that resource. */
export class RepeatedNotes {
  readonly #owners = new Map<string, string>();

  /** @param name of the resource that the note is about */
  shorten(name: string, note: string): string {
    const [headline = '', ...block] = note.split('\n');
    if (block.length === 0) return note;
    const key = block.join('\n');
    const owner = this.#owners.get(key) ?? name;
    this.#owners.set(key, owner);
    return owner === name ? note : `${headline} the same as of ${owner}`;
  }
}
