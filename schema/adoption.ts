import * as z from 'zod';
import { connection } from './connection.ts';
import { deploymentSettings } from './deployment.ts';

/** Environment variable with the path of the file by which `npm run adopt` tells the provider how the imported hosts are entered. */
export const adoptionVariable = 'NIXOS_FLEET_ADOPTION';

/** Begins the id of an import that the file describes; the host's name follows. */
export const adoptionScheme = 'adopt:';

/** An id of an import has no place for a password and for `sshOptions`; this has the whole connection of each host. */
export const adoption = z.record(
  z.string(),
  z.object({ connection, profile: deploymentSettings.shape.profile }),
);
export type Adoption = z.output<typeof adoption>;
