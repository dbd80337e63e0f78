import { readFileSync } from 'node:fs';
import { FleetError } from '../../../lib/base/errors.ts';
import { type Adoption, adoption, adoptionScheme, adoptionVariable } from '../../../schema/adoption.ts';

/** How a host is entered that `npm run adopt` imports; undefined for the id of another import. */
export function adoptedHost(id: string): Adoption[string] | undefined {
  if (!id.startsWith(adoptionScheme)) return undefined;
  const host = id.slice(adoptionScheme.length);
  const file = process.env[adoptionVariable];
  const found = file ? adoption.parse(JSON.parse(readFileSync(file, 'utf8')))[host] : undefined;
  if (found) return found;
  throw new FleetError({
    code: 'config-invalid',
    what: `'${id}' is an id that npm run adopt alone can import`,
    host,
    fix: `Run npm run adopt -- --on ${host}, or import it by its address: pulumi import nixos:index:Deployment ${host} root@ADDRESS`,
  });
}
