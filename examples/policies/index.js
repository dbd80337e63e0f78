// A policy pack for `pulumi preview --policy-pack`: see README.md. The rules are in rules.ts.
import { readFileSync } from 'node:fs';
import { PolicyPack } from '@pulumi/policy';
import { rules } from './rules.ts';

const { supportedUntil } = JSON.parse(readFileSync(new URL('kernels.json', import.meta.url), 'utf8'));
const today = new Date().toISOString().slice(0, 10);

new PolicyPack('nixos-fleet', {
  policies: rules.map(({ name, description, enforcementLevel, check }) => ({
    name,
    description,
    enforcementLevel,
    ...(name === 'state-version-kept'
      ? {
          configSchema: {
            properties: {
              versions: { type: 'object', additionalProperties: { type: 'string' }, default: {} },
            },
          },
        }
      : {}),
    validateResource({ type, props, getConfig }, reportViolation) {
      // A new deployment shows a summary of its facts, and has them whole under another name.
      const facts = props.__facts ?? props.facts;
      // They are missing where a preview does not know the system yet.
      if (type !== 'nixos:index:Deployment' || typeof facts !== 'string') return;
      const stateVersion = getConfig().versions?.[props.host];
      const deployed = { facts: JSON.parse(facts), healthChecks: props.healthChecks };
      const wrong = check(deployed, { supportedUntil, today, stateVersion });
      if (wrong !== undefined) reportViolation(`${props.host}: ${wrong}`);
    },
  })),
});
