import type { Draft } from './draft.ts';

/** Options of ssh(1) with a setting of their own, by letter. */
const letters: Readonly<Record<string, string>> = { p: 'port', i: 'identityFile', J: 'proxyJump' };

/** Keywords of ssh_config(5) with a setting of their own, in lower case. */
const keywords: Readonly<Record<string, string>> = {
  port: 'port',
  identityfile: 'identityFile',
  proxyjump: 'proxyJump',
  connecttimeout: 'connectTimeoutSeconds',
  serveraliveinterval: 'serverAliveSeconds',
};

/** Sets what arguments of ssh mean for a host; the others are left out. */
export function setSshWords(draft: Draft, words: readonly string[], source: string): void {
  const options: Record<string, string> = {};
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, letter = '', attached = ''] = /^-([A-Za-z])(.*)$/s.exec(word) ?? [];
    if (letter === 'A' && attached === '') draft.set('forwardAgent', true);
    else if (letter in letters || letter === 'o') {
      const value = attached || rest.shift() || '';
      if (letter === 'o') setOption(draft, options, value, source);
      else draft.set(letters[letter] ?? '', numberOr(value));
    } else draft.leave(`${source}: ${word}: put it into ~/.ssh/config, which is read, too`);
  }
  if (Object.keys(options).length > 0) draft.set('sshOptions', options);
}

function setOption(draft: Draft, options: Record<string, string>, text: string, source: string): void {
  const [, keyword = '', value = ''] = /^\s*([A-Za-z]+)\s*[=\s]\s*(.*)$/s.exec(text) ?? [];
  const setting = keywords[keyword.toLowerCase()];
  if (setting !== undefined) draft.set(setting, numberOr(value));
  else if (/^(StrictHostKeyChecking|UserKnownHostsFile)$/i.test(keyword))
    draft.leave(
      `${source}: ${keyword}: host keys are always checked; set hostKey, or have it in known_hosts`,
    );
  else if (keyword) options[keyword] = value;
  else draft.leave(`${source}: -o ${text}`);
}

function numberOr(value: string): string | number {
  return /^\d{1,6}$/.test(value) ? Number(value) : value;
}
