/** The text of a recording without what differs from run to run: times, counts of what the store lacks, hashes, names of logs. */
export function comparable(text: string): string {
  return (
    text
      .split('\n')
      .filter((line) => !/\bto (build|copy):/.test(line))
      .map((line) =>
        line
          .replaceAll(/(?<=")[0-9a-df-np-sv-z]{12}(?=")|\b[0-9a-df-np-sv-z]{6,32}(?=-|…)/g, 'HASH')
          .replaceAll(/nixos-fleet-[\w-]+/g, 'UNIT')
          .replaceAll(/\d+(\.\d+)* (min \d+ )?s\b/g, 'N s')
          .replaceAll(/\d+ to N s/g, 'N s')
          // Of the distribution's packages.
          .replaceAll(/\d+(\.\d+)+(-\w+)?(\+deb\w+)?/g, 'VERSION'),
      )
      .join('\n')
      // Where a line was broken depends on all of these.
      .replaceAll(/\s+/g, ' ')
  );
}
