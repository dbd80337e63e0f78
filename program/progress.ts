import * as pulumi from '@pulumi/pulumi';

/** Shows progress as status lines that replace each other, only after one second: a quick evaluation needs none. */
export function progressAfterOneSecond(): (message: string) => void {
  const begun = Date.now();
  return (message) => {
    if (Date.now() - begun >= 1000) void pulumi.log.info(message, undefined, undefined, true);
  };
}
