import type { Connection } from '../../schema/connection.ts';

/** A machine on the way to another. What is left out comes from the user's own ssh configuration. */
export interface Jump {
  host: string;
  user?: string;
  port?: number;
}

/** The machines that a connection goes through, the nearest first. Pure. */
export function jumpsOf({ proxyJump }: Pick<Connection, 'proxyJump'>): Jump[] {
  if (proxyJump === undefined) return [];
  return proxyJump.split(',').map((text) => {
    const [, user, v6, name = '', port] = /^(?:([^@]*)@)?(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? [];
    return {
      host: v6 ?? name,
      ...(user === undefined ? {} : { user }),
      ...(port === undefined ? {} : { port: Number(port) }),
    };
  });
}
