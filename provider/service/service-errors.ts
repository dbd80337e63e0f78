import type { ReadResult } from '../resource.ts';
import type { Properties, Secrets } from '../wire/wire.ts';

/** An error together with the secrets that must not appear where it is shown. */
export class WithSecrets extends Error {
  readonly secrets: Secrets;
  constructor(error: unknown, secrets: Secrets) {
    super('failed', { cause: error });
    this.secrets = secrets;
  }
}

/** A resource that exists but cannot be read now. */
export class UnhealthyRead extends Error {
  readonly found: ReadResult<Properties, Properties>;
  readonly secrets: Secrets;
  constructor(found: ReadResult<Properties, Properties>, secrets: Secrets) {
    super(found.unhealthy);
    this.found = found;
    this.secrets = secrets;
  }
}
