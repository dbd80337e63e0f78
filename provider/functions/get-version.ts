import * as z from 'zod';
import { versionResult } from '../../schema/provider-functions.ts';
import type { ProviderFunction } from '../function.ts';
import { packageVersion } from '../package/manifest.ts';

/** Called first by programs: the engine starts the provider on its first call. */
export const getVersion: ProviderFunction<object, { version: string }> = {
  token: 'nixos:index:getVersion',
  description: 'The version of the provider.',
  args: z.object({}),
  result: versionResult,
  call: async () => ({ version: packageVersion() }),
};
