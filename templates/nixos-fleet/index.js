// The program of nixos-fleet, which the stack's config describes: Pulumi.<stack>.yaml.
export * from 'nixos-fleet/program';
