/** What a secret is replaced by. */
const hidden = '[secret]';

/**
 * Replaces what looks like a secret: values of variables, options, settings and headers whose names say so, passwords in URLs,
 * private keys, password hashes and tokens of well-known forms. Names, paths and references to variables stay.
 */
export function hideSecrets(text: string): string {
  if (!mayHoldSecret.test(text)) return text;
  const keys = text.replace(privateKey, (_, begin, end) => `${begin} ${hidden} ${end}`);
  return keys
    .replace(inUrl, `$1${hidden}@`)
    .replace(wellKnown, hidden)
    .replace(header, `$1${hidden}`)
    .replace(option, (whole, name, between, value) => hide(whole, name, between, value))
    .replace(assignment, (whole, quotedName, inQuotes, name, value) =>
      hide(whole, quotedName ?? name, '=', inQuotes ?? value),
    )
    .replace(setting, (whole, before, name, between, value, after) =>
      isSecret(name, value) ? `${before}${name}${between}${hiddenLike(value)}${after}` : whole,
    );
}

/** A quick look, since most texts hold none. */
const mayHoldSecret =
  /pass|pwd|secret|token|credential|auth|cookie|key|psk|:\/\/|\$\w{1,2}\$|[A-Za-z0-9_-]{20}/i;

const privateKey = /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g;
/** `https://user:password@host` */
const inUrl = /\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@'"]*:)[^\s/@'"]+@/gi;
const wellKnown = new RegExp(
  [
    '\\bgh[pousr]_[A-Za-z0-9]{20,}',
    '\\bgithub_pat_\\w{20,}',
    '\\bglpat-[\\w-]{20,}',
    '\\bxox[abprs]-[\\w-]{10,}',
    '\\bAKIA[A-Z0-9]{16}\\b',
    '\\bAGE-SECRET-KEY-1[A-Z0-9]+',
    // A JSON web token.
    '\\beyJ[\\w-]{10,}\\.[\\w-]{10,}\\.[\\w-]*',
    // A hash of a password, as crypt(3) writes it.
    '\\$(?:[156]|2[aby]|y|gy|argon2\\w*)\\$[\\w./,=$+-]{20,}',
    // A private key of Nix, whose public half has 44 characters.
    '(?<=[\\w.-]:)[A-Za-z0-9+/]{86}==',
  ].join('|'),
  'g',
);
const header =
  /\b((?:proxy-)?authorization:[ \t]*(?:(?:basic|bearer|token|digest)[ \t]+)?|(?:set-)?cookie:[ \t]*)[^\s'"][^\n'"]*/gi;
const quotedOrWord = `"(?:[^"\\\\\\n]|\\\\.)*"|'[^'\\n]*'|[^\\s"';,&)}\\]]+`;
/** `--password value` */
const option = new RegExp(`(?<=[\\s"']--?)([A-Za-z][\\w-]*)([ \\t]+)(?!-)(${quotedOrWord})`, 'g');
/** `NAME=value`, `"NAME=value"`, `--name=value`; the value may be another assignment: `Environment=NAME=value` */
const assignment = new RegExp(
  `(?<=["'])([A-Za-z_][\\w.-]*)=([^"'\\n]+)(?=["'])|\\b([A-Za-z_][\\w.-]*)=(?!["']?[A-Za-z_][\\w.-]*=[^=\\s"'])(${quotedOrWord})`,
  'g',
);
/** `name: value` or `name = value`, alone in a line, which may be one of a diff */
const setting = new RegExp(
  `^([ \\t]*(?:[-+~][ \\t]+)?["']?)([A-Za-z_][\\w.-]*)(["']?[ \\t]*(?::|=|=>)[ \\t]+)(${quotedOrWord})([ \\t]*[,;]?[ \\t]*)$`,
  'gm',
);

function hide(whole: string, name: string, between: string, value: string): string {
  return isSecret(name, value) ? `${name}${between}${hiddenLike(value)}` : whole;
}

/** In the quotes of the value, so that the text around keeps its form. */
function hiddenLike(value: string): string {
  const quote = /^["']/.exec(value)?.[0] ?? '';
  return `${quote}${hidden}${quote}`;
}

function isSecret(name: string, quoted: string): boolean {
  return hasSecretName(name) && !isHarmless(quoted.replace(/^(["'])(.*)\1$/s, '$2'));
}

/** Words of names whose values are secrets. */
const secretWords = new Set(
  'password passwords passwd passphrase pass pwd secret secrets token tokens credential credentials authorization cookie psk apikey'.split(
    ' ',
  ),
);
/** What stands before `key` where it is a secret one; a name in capitals needs none. */
const secretKeyWords = new Set(
  'api private secret access encryption signing session master auth shared preshared client'.split(' '),
);
const publicWords = new Set('public pub host trusted authorized primary foreign sort key'.split(' '));
/** With one of these at its end, a name is that of something about a secret. */
const aboutSecrets = new Set(
  'file files path paths dir name names id type url uri command cmd timeout seconds ttl length count size env user users enable enabled'.split(
    ' ',
  ),
);

function hasSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])(?=[A-Z])/g, '$1_')
    .toLowerCase()
    .split(/[_.-]+/)
    .filter(Boolean);
  const last = words.at(-1) ?? '';
  if (aboutSecrets.has(last)) return false;
  if (words.some((word) => secretWords.has(word))) return true;
  if (last !== 'key' && last !== 'keys') return false;
  const before = words.at(-2) ?? '';
  return secretKeyWords.has(before) || (name === name.toUpperCase() && !publicWords.has(before));
}

/** What is no secret whatever its name: a switch, a version, a path, a reference to a variable, what is hidden already. */
function isHarmless(value: string): boolean {
  return (
    /^(?:|y|n|m|yes|no|on|off|true|false|null|none|unset|required|optional|missing|\[secret\]|\*{3})$/i.test(
      value,
    ) ||
    /^\d+(?:\.\d+)+/.test(value) ||
    /^[\w.-]+:\//.test(value) ||
    /^(?:\$[\w{(]|%[a-zA-Z{]|<|\.{0,2}\/|~\/|\/\/)/.test(value) ||
    /^[\w./-]+\.(?:pem|crt|pub|age|gpg|nix|service|path|socket)$/.test(value) ||
    /^SHA256:/.test(value)
  );
}
