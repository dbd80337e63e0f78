import { showStatus } from './log.ts';

/** Shows progress as status lines that replace each other, from one second after the first: quick work needs none. */
export function progressAfterOneSecond(): (message: string) => void {
  let begun: number | undefined;
  return (message) => {
    begun ??= Date.now();
    if (Date.now() - begun >= 1000) showStatus(message);
  };
}
