/** '~/key' with the user's own folder in the place of `~`; any other path as it is. */
export function expandHome(path: string): string {
  return path.replace(/^~(?=\/)/, process.env.HOME ?? '~');
}
