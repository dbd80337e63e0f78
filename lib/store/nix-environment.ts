import { noOtherHostKeys, pinnedSshOptions, unshared } from '../../schema/ssh-keywords.ts';
import { omit } from '../base/pick.ts';

/**
 * Environment for a nix that connects to builders over ssh: connections fail within seconds, never prompt, accept the builder's
 * host key alone, which Nix passes, and end when the builder stops answering.
 */
export function nixSshEnvironment(connectTimeoutSeconds: number): { NIX_SSHOPTS: string } {
  const settings = {
    // Nix has a local command of its own, which reports the connection.
    ...omit(pinnedSshOptions, ['PermitLocalCommand']),
    ...noOtherHostKeys,
    ConnectTimeout: connectTimeoutSeconds,
    ServerAliveInterval: 5,
    ServerAliveCountMax: 3,
    ForwardAgent: 'no',
    ...unshared,
  };
  return {
    NIX_SSHOPTS: Object.entries(settings)
      .map(([name, value]) => `-o ${name}=${value}`)
      .join(' '),
  };
}
