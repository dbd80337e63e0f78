// The program of nixos-fleet, which the stack's config describes: Pulumi.<stack>.yaml.
export { default } from 'nixos-fleet/program';
