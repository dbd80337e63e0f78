# Nix on the machine: Debian's base has it with no cache and no builders; the fleet's are in files beside the store, where
# there are any.
{
  # A builder that is down is given up soon, as by the operator's module nix-settings.
  environment.etc."environment".text = ''
    NIX_SSHOPTS="-o ConnectTimeout=5 -o ServerAliveInterval=5 -o ServerAliveCountMax=3"
  '';
  environment.etc."nix/nix.conf".text = ''
    build-users-group =
    experimental-features = nix-command flakes
    sandbox = false
    substituters =
    !include /var/lib/nixos-fleet/nix-caches.conf
    !include /var/lib/nixos-fleet/nix-builders.conf
  '';
}
