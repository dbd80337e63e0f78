/** What is known of a command. */
export interface Completed {
  /** Its options, as they are typed. */
  options: readonly string[];
  /** Options that take a value. */
  valued: readonly string[];
  /** Whether its first words name hosts. */
  namesHosts: boolean;
}

/** What a line needs: names of commands, options, or hosts and tags of the config; nothing where files or free text are meant. */
export type Wanted = 'commands' | 'options' | 'hosts' | 'selectors' | 'nothing';

/** What the last word of a command line is. @param words without the name of the program */
export function wantedAt(words: readonly string[], command: Completed | undefined): Wanted {
  const [before = '', word = ''] = words.length > 1 ? words.slice(-2) : ['', words[0]];
  if (words.length <= 1) return 'commands';
  if (command === undefined || words.slice(0, -1).includes('--')) return 'nothing';
  if (before === '--on') return 'selectors';
  if (command.valued.includes(before)) return 'nothing';
  if (word.startsWith('-')) return 'options';
  return command.namesHosts ? 'hosts' : 'nothing';
}

/** Candidates for a word that may be a list of selectors: its last one is completed. */
export function selectorCandidates(
  word: string,
  tags: Readonly<Record<string, readonly string[] | undefined>>,
): string[] {
  const [, list = '', exclusion = ''] = /^(.*,)?(!)?/.exec(word) ?? [];
  const all = [
    ...Object.keys(tags),
    ...new Set(Object.values(tags).flatMap((each = []) => each.map((tag) => `@${tag}`))),
  ];
  return all.map((each) => `${list}${exclusion}${each}`);
}
