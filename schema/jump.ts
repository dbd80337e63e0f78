/** A user's or group's name as Linux systems and directories have them, such as `john.doe`. */
export const accountPattern = '[A-Za-z_][A-Za-z0-9_.-]*';

/** One machine on the way, as `proxyJump` names it: [user@]host[:port], an IPv6 address with a port in brackets. */
export const jumpPattern = String.raw`(${accountPattern}@)?(\[[0-9A-Fa-f:.%]+\]|[^\s@/,:\[\]-][^\s@/,:\[\]]*)(:\d{1,5})?`;

/** A machine on the way to another. What is left out comes from the user's own ssh configuration. */
export interface Jump {
  host: string;
  user?: string;
  port?: number;
}

/** The machines that a connection goes through, the nearest first. */
export function jumpsOf({ proxyJump }: { proxyJump?: string | undefined }): Jump[] {
  if (proxyJump === undefined) return [];
  return proxyJump.split(',').map((text) => {
    const [, user, v6, name = '', port] = /^(?:([^@]*)@)?(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? [];
    return {
      host: v6 ?? name,
      user,
      port: port === undefined ? undefined : Number(port),
    };
  });
}
