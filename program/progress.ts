import * as pulumi from '@pulumi/pulumi';

/** Shows lines that replace one another, from one second on: a quick evaluation is nobody's news. */
export function progressAfterOneSecond(): (message: string) => void {
  const begun = Date.now();
  return (message) => {
    if (Date.now() - begun >= 1000) void pulumi.log.info(message, undefined, undefined, true);
  };
}
