import { createRequire } from 'node:module';
import * as pulumi from './pulumi.ts';

type CommandPackage = typeof import('@pulumi/command');

/**
 * Loads @pulumi/command when it is first needed, as only stacks with commands need its plugin. It is searched beside this
 * package, then in the program's folder.
 * @throws pulumi.RunError where it is missing or has an unsupported version
 */
export function commandPackage(
  host: string,
  paths: readonly string[] = [import.meta.dirname, process.cwd()],
): CommandPackage {
  const load = createRequire(import.meta.url);
  const find = (file: string) => load.resolve(`@pulumi/command${file}`, { paths: [...paths] });
  let version: string;
  try {
    version = load(find('/package.json')).version;
  } catch {
    throw unusable(host, 'the package @pulumi/command is not installed');
  }
  // Versions before 1.1 accept any host key; for 2 and later there is no plugin.
  if (!/^1\.[1-9]/.test(version)) throw unusable(host, `@pulumi/command ${version} is installed`);
  return load(find(''));
}

function unusable(host: string, why: string): pulumi.RunError {
  return new pulumi.RunError(
    [
      `${host}: its commands and files need @pulumi/command, version 1.1 or a later 1.x [tool-missing]`,
      `  why:  ${why}`,
      '  fix:  npm install @pulumi/command@1.2.1',
    ].join('\n'),
  );
}
