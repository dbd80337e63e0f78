import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Gives a text a colour, where the stream shows any. */
export type Paint = (format: Format, text: string) => string;

/** Colours for a terminal, unless NO_COLOR or the like forbids them. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return (format, text) => styleText(format, text, { stream });
}

export const noPaint: Paint = (_, text) => text;
