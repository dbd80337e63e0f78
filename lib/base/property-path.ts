export type PathStep = string | number;

/**
 * A property path in Pulumi's notation: `facts.units["web.service"].ports[0]`. The engine's parser knows `\"` as its
 * only escape, so backslashes (`dev-disk-by\x2dlabel.swap`) stay single.
 */
export function formatPath(steps: readonly PathStep[]): string {
  let text = '';
  for (const step of steps) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!/^[^."[\]\\\s*]+$/.test(step)) text += `["${step.replaceAll('"', '\\"')}"]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}
