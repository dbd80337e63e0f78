import { hostname } from 'node:os';
import { accountName } from '../base/home.ts';

/** Who deploys, as recorded on machines: user@host. */
export function operator(): string {
  return `${accountName()}@${hostname()}`;
}
