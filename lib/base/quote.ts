/** Quotes a word for a POSIX shell. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Quotes words as one command line for a POSIX shell. */
export function shellCommand(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

/** `name='value'` lines for a POSIX shell; values may contain anything but NUL. */
export function shellVariables(values: Record<string, string | number>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${shellQuote(String(value))}\n`)
    .join('');
}
