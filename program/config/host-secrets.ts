import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FleetError } from '../../lib/base/errors.ts';
import { failureOf } from '../../lib/base/failure.ts';
import { expandHome } from '../../lib/base/home.ts';
import { ProcessError } from '../../lib/base/process/process-error.ts';
import { type RunResult, runToEnd } from '../../lib/base/process/run.ts';
import { formatPath } from '../../lib/base/property-path.ts';
import type { HostSecretConfig } from '../../schema/secret.ts';
import { plainText } from './become-password.ts';
import { stackConfigFile } from './parse-config.ts';

/** A secret with its value, as a host takes it. */
export type ResolvedSecret = Omit<HostSecretConfig, 'file' | 'command' | 'value'> & { value: string };

export interface SecretSources {
  /** Folder for relative paths of files, and working directory of commands. */
  baseDirectory: string;
  /** Name of the stack, for errors. */
  stack: string;
  /** Whether `hosts` has encrypted values; a value in plain text is refused. */
  encrypted: boolean;
  /** Limit for one command, in seconds. Default: 120. */
  timeoutSeconds?: number;
}

/**
 * Reads the values of all hosts' secrets, from the config, a file or a command on the operator's computer. Equal commands
 * run once. All failures are reported together; no message contains what a command printed to stdout.
 * @throws FleetError secret-failed, config-invalid
 */
export async function resolveSecrets(
  hosts: Readonly<Record<string, Record<string, HostSecretConfig> | undefined>>,
  sources: SecretSources,
): Promise<Record<string, Record<string, ResolvedSecret>>> {
  const commands = new Map<string, Promise<string>>();
  const resolved: Record<string, Record<string, ResolvedSecret>> = {};
  const failures: FleetError[] = [];
  const inPlainText = (host: string, name: string) =>
    plainText(
      `the value of the secret ${name}`,
      formatPath(['hosts', host, 'secrets', name, 'value']),
      stackConfigFile(sources.stack),
      host,
    );
  const resolveOne = async (host: string, name: string, config: HostSecretConfig) => {
    const { value, file, command, encoding, ...rest } = config;
    try {
      if (value !== undefined) {
        if (!sources.encrypted) throw inPlainText(host, name);
        return { ...rest, encoding: encoding ?? 'text', value };
      }
      if (file !== undefined) return { ...rest, ...asValue(await fileContent(file, sources)) };
      const key = JSON.stringify(command);
      const printed = commands.get(key) ?? output(command ?? [], sources);
      commands.set(key, printed);
      return { ...rest, encoding: encoding ?? 'text', value: await printed };
    } catch (error) {
      failures.push(explain(host, name, config, error));
      return undefined;
    }
  };
  await Promise.all(
    Object.entries(hosts).flatMap(([host, secrets = {}]) => {
      const ofHost: Record<string, ResolvedSecret> = {};
      resolved[host] = ofHost;
      return Object.entries(secrets).map(async ([name, config]) => {
        const secret = await resolveOne(host, name, config);
        if (secret) ofHost[name] = secret;
      });
    }),
  );
  const [first] = failures;
  if (!first) return resolved;
  if (failures.length === 1) throw first;
  const why = failures.map(({ message }) => message).join('\n');
  throw new FleetError({ code: first.code, what: `${failures.length} secrets could not be read`, why });
}

/** As text if it is UTF-8 without NUL, else as base64. */
function asValue(bytes: Buffer): Pick<ResolvedSecret, 'value' | 'encoding'> {
  if (bytes.length === 0) throw new Error('it is empty');
  const value = bytes.toString('utf8');
  if (Buffer.from(value).equals(bytes) && !value.includes('\0')) return { value, encoding: 'text' };
  return { value: bytes.toString('base64'), encoding: 'base64' };
}

async function fileContent(file: string, { baseDirectory }: SecretSources): Promise<Buffer> {
  return await readFile(resolve(baseDirectory, expandHome(file)));
}

async function output(command: readonly string[], sources: SecretSources): Promise<string> {
  const [program = '', ...args] = command;
  const { baseDirectory, timeoutSeconds = 120 } = sources;
  const result: RunResult = await runToEnd(program, args, { cwd: baseDirectory, timeoutSeconds });
  if (result.stdout.includes('\uFFFD'))
    throw new Error('it prints binary data: make it print base64, and set encoding: base64');
  if (result.exitCode === 0 && result.stdout === '') throw new Error('it printed nothing');
  if (result.exitCode === 0) return result.stdout;
  throw new Error(`exit code ${result.exitCode}: ${result.stderr.trim().split('\n').slice(-5).join('\n')}`);
}

/** Leaves out the error itself, as a process's error may contain what was printed. */
function explain(
  host: string,
  name: string,
  { file, command = [] }: HostSecretConfig,
  error: unknown,
): FleetError {
  if (error instanceof FleetError && !(error instanceof ProcessError)) return error;
  const reasons = {
    'not-found': 'the program was not found on PATH',
    timeout: 'it did not end within its time limit',
  } as const;
  const failure = failureOf(error);
  const why =
    error instanceof ProcessError
      ? (reasons[error.reason as keyof typeof reasons] ?? `it was ended (${error.reason})`)
      : failure
        ? [file, failure.why].filter(Boolean).join(': ')
        : (error as Error).message;
  return new FleetError({
    code: 'secret-failed',
    what:
      file === undefined
        ? `the command of the secret ${name} failed`
        : `the file of the secret ${name} could not be read`,
    host,
    why,
    fix:
      file === undefined
        ? `Run it by hand in the project’s folder: ${command[0]} …`
        : 'Check the path: it is relative to the project’s folder.',
  });
}
