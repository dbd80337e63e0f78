/** By which a program prints that it gave no root rights. Other messages of it, such as sudo's warnings, come with any result. */
const refusals = {
  sudo: [
    // sudo, then sudo-rs.
    /a password is required/,
    /a terminal is required/,
    /no tty present/,
    /you must have a tty/,
    /incorrect (password|authentication) attempt/,
    /you do not exist in the passwd database/,
    /account or password is expired/i,
    /account validation failure/,
    /account expired/,
    /password expired/,
    /PAM (account management|authentication|setup) error/,
    /unable to initialize PAM/,
    /no valid sudoers sources found/,
    /must be owned by uid \d+ and have the setuid bit set/,
    /effective uid is not 0/,
    /no new privileges/,
    /interactive authentication is required/,
    /authentication (failed|required)/i,
    /I'm sorry \S+\. I'm afraid I can't do that/,
  ],
  doas: [
    /operation not permitted/i,
    /authentication (failed|required)/i,
    /not installed setuid/,
    /a tty is required/i,
    /doas is not enabled/,
  ],
  run0: [],
} as const;

/** Lines without the program's name. */
const withoutName = {
  sudo: /\bis not in the sudoers file\b|^Sorry, user \S+ (is not allowed to execute|may not run) /,
  doas: undefined,
  run0: /^Failed to start transient service unit: (Interactive authentication required|Access denied|Permission denied)/,
} as const;

/** The last line in which sudo, doas or run0 itself refuses root rights or is missing; undefined if there is none. */
export function rootRefusal(become: keyof typeof refusals, stderr: string): string | undefined {
  const missing = new RegExp(`\\b${become}: (command )?not found|[Uu]nknown command:? '?${become}\\b`);
  const own = new RegExp(`^${become}(-rs)?: `);
  const isRefusal = (line: string) =>
    (own.test(line) && refusals[become].some((pattern) => pattern.test(line))) ||
    missing.test(line) ||
    withoutName[become]?.test(line) === true;
  return stderr
    .split('\n')
    .map((line) => line.trim())
    .findLast(isRefusal);
}
