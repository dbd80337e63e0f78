import { basename } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment of a program: this process's with `added`. Pulumi gives its plugins and programs a stack's decrypted config
 * and its passphrase in variables (PULUMI_CONFIG, PULUMI_CONFIG_PASSPHRASE), which only pulumi itself needs.
 */
export function environmentFor(command: string, own: Environment, added: Environment = {}): Environment {
  const isPulumi = basename(command) === 'pulumi';
  return { ...only(own, (name) => isPulumi || !name.startsWith('PULUMI_')), ...added };
}

/** The environment of a program that outlives this process: what any program needs, and nothing that could be a secret. */
export function lastingEnvironment(own: Environment, added: Environment = {}): Environment {
  return {
    ...only(own, (name) => /^(PATH|HOME|USER|LOGNAME|TMPDIR|TZ|LANG|LC_[A-Z]+)$/.test(name)),
    ...added,
  };
}

function only(environment: Environment, keep: (name: string) => boolean): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => keep(name)));
}
