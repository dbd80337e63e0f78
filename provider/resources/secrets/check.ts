import { formatPath } from '../../../lib/base/property-path.ts';
import { isBase64 } from '../../../lib/machine/secrets/secret-file.ts';
import type { SecretsInputs } from '../../../schema/secrets.ts';

/** The script with them is sent, and run by the machine's shell, as a whole. */
const largestMiB = 16;

/** Each file has a value, and each value a file of its own. */
export function checkSecrets({ files, values }: SecretsInputs): Record<string, string> {
  const problems: Record<string, string> = {};
  const byPath = new Map<string, string>();
  for (const [name, { path, encoding }] of Object.entries(files)) {
    const value = values[name];
    if (value === undefined) problems[formatPath(['values', name])] = 'is missing';
    else if (encoding === 'base64' && !isBase64(value))
      problems[formatPath(['values', name])] = 'is not base64';
    const other = byPath.get(path);
    if (other !== undefined) problems[formatPath(['files', name, 'path'])] = `is the path of ${other}, too`;
    byPath.set(path, name);
  }
  for (const name of Object.keys(values))
    if (!Object.hasOwn(files, name)) problems[formatPath(['files', name])] = 'is missing';
  const bytes = Object.values(values).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  if (bytes > largestMiB * 2 ** 20)
    problems.values = `are ${Math.ceil(bytes / 2 ** 20)} MiB: at most ${largestMiB} MiB are sent to a machine at once. Split them`;
  return problems;
}
